// A text field that is screened while somebody writes: the words it fails for are underlined in a copy behind it, and
// listed below it with the verdict. An answer to what the field no longer says is dropped.
import { ask, withRetries } from "./api.js";
import { say } from "./say.js";
import { by, count, inUnits, languageName, make, marked, moved, number, repeated } from "./text.js";

const WAIT = 250; // milliseconds without a keystroke
const MOST_REASONS = 20;
export const ATTRIBUTES = {
  TOXICITY: "Toxic",
  SEVERE_TOXICITY: "Severely toxic",
  INSULT: "Insult",
  PROFANITY: "Swearing",
  THREAT: "Threat",
  IDENTITY_ATTACK: "Attack on a group",
};

// Fills `root` from the template; `name` is for ids and announcements, `changed` is called with every new text.
export function screenedField(root, { name, label, changed = () => {} }) {
  root.append(by("field").content.cloneNode(true));
  const find = (selector) => root.querySelector(selector);
  const area = find("textarea"), mirror = find(".mirror"), verdict = find(".verdict"), reasons = find(".reasons");
  Object.assign(area, { id: `${name}-text` });
  Object.assign(find("label"), { htmlFor: area.id, textContent: label });
  Object.assign(verdict, { id: `${name}-verdict` });
  Object.assign(reasons, { id: `${name}-reasons` });
  area.setAttribute("aria-describedby", `${verdict.id} ${reasons.id}`);

  let text = "", spans = [], last = "", most = Infinity, timer, going;

  function show(state, told, probability = null) {
    root.dataset.state = state;
    find(".told").textContent = told;
    find(".figure").textContent = probability === null ? "" : `Score ${probability.toFixed(2)}`;
    find(".bar").hidden = probability === null;
    find(".bar > span").style.width = `${100 * (probability ?? 0)}%`;
  }

  function list() {
    const found = repeated(text, spans);
    const items = found.slice(0, MOST_REASONS).map(({ word, places }) => {
      const times = places.length > 1 ? ` ×${count(places.length)}` : "";
      const button = make("button", { type: "button", title: "select it in the text" }, make("bdi", {}, word.slice(0, 80)), times);
      let next = 0; // every click goes to the next place
      button.addEventListener("click", () => {
        const { start, end } = places[next++ % places.length];
        area.focus();
        area.setSelectionRange(start, end);
      });
      return make("li", {}, button);
    });
    if (found.length > MOST_REASONS) items.push(make("li", {}, `and ${number(found.length - MOST_REASONS, "other")}`));
    find("ul").replaceChildren(...items);
    reasons.hidden = !items.length;
  }

  // One bar for each attribute, where the screener tells them apart; null: there are none.
  function attributes(scores) {
    const rows = Object.entries(scores ?? {}).map(([name, score]) => {
      const bar = make("span", { className: "bar", ariaHidden: "true" }, make("span"));
      bar.firstChild.style.width = `${100 * score}%`;
      return make("div", {}, make("dt", {}, ATTRIBUTES[name] ?? name), make("dd", {}, bar, score.toFixed(2)));
    });
    find(".attributes").replaceChildren(...rows);
    find(".attributes").hidden = !rows.length;
  }

  // What language it is, where that matters: where the screener does not read it, its score is no judgement.
  function language({ language = null, language_supported = null } = {}) {
    const unread = language_supported === false;
    find(".language").textContent = unread ? `This looks like ${languageName(language)}, which this screener does not read: the score is a guess.` : "";
    find(".language").hidden = !unread;
    return unread;
  }

  // A space of no width at the end: a line that is still empty has a height.
  const draw = () => mirror.replaceChildren(...marked(text, spans), "\u200b");

  function typed() {
    if (area.value === text) return;
    spans = moved(spans, text, area.value);
    text = area.value;
    draw();
    measure();
    screen(WAIT);
    changed(text);
  }

  // Characters, and bytes where those are too many.
  function measure() {
    const size = new TextEncoder().encode(text).length, node = find(".count");
    const long = size > most ? `, too long: ${count(size)} bytes of at most ${count(most)}` : "";
    node.textContent = text ? `${number([...text].length, "character")}${long}` : "";
    node.classList.toggle("wrong", Boolean(long));
  }

  function screen(wait = 0) {
    clearTimeout(timer);
    going?.abort();
    if (text.trim()) {
      root.dataset.asking = "";
      timer = setTimeout(answer, wait);
    } else {
      delete root.dataset.asking;
      spans = [];
      show("empty", "Nothing written yet.");
      attributes(null);
      language();
      list();
    }
  }

  async function answer() {
    const { signal } = (going = new AbortController());
    const call = () => ask("v1/screen", { texts: [text], spans: true }, signal);
    const waiting = (error, seconds) => wrong(`${error.message} Next try in ${number(Math.ceil(seconds), "second")}.`);
    try {
      const { results } = await withRetries(call, { signal, waiting });
      if (!signal.aborted) right(results[0]);
    } catch (error) {
      if (!signal.aborted) wrong(error.message);
    }
  }

  function right(found) {
    delete root.dataset.asking;
    spans = inUnits(text, found.spans ?? []);
    const unread = language(found), failed = found.label === "fail";
    const told = unread ? "Not judged" : failed ? "Fails" : "Passes";
    verdict.title = `by ${found.screener}`;
    show(unread ? "unread" : found.label, told, found.probability);
    attributes(found.attributes);
    draw();
    list();
    const named = repeated(text, spans).slice(0, 5).map(({ word }) => word.slice(0, 80)).join(", ");
    announce(`${label}: ${told}${failed && named ? `, for: ${named}` : ""}. ${find(".language").textContent}`.trim());
  }

  function wrong(message) {
    delete root.dataset.asking;
    spans = [];
    show("wrong", message);
    attributes(null);
    language();
    draw();
    list();
    announce(message.replace(/ Next try.*/, ""));
  }

  function announce(message) {
    if (message !== last) say(name, message);
    last = message;
  }

  area.addEventListener("input", typed);
  show("empty", "Nothing written yet.");
  return {
    area,
    get text() {
      return area.value;
    },
    // As if it were typed, where the browser can: then Ctrl+Z takes it back.
    put(value, { undo = false } = {}) {
      if (undo) {
        area.focus();
        area.select();
      }
      if (!undo || !document.execCommand("insertText", false, value) || area.value !== value) area.value = value;
      typed();
    },
    again: () => screen(),
    // Bytes that a text may have.
    limit(bytes) {
      most = bytes ?? Infinity;
      measure();
    },
  };
}
