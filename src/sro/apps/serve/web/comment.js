// One comment: screened as it is written; a rewrite on request, to be taken, edited or left.
import { ask, withRetries, randomId } from "./api.js";
import { screenedField } from "./field.js";
import { say } from "./say.js";
import { by, merged, number } from "./text.js";

const REASONS = {
  too_long: "A sentence that fails is too long to be rewritten.",
  still_fails: "Every wording that was tried fails too.",
  threat: "It threatens or wishes harm, and no wording would change that.",
  meaning_lost: "The wordings that pass say something else than yours, or do not read well.",
  empty: "The wordings that pass say nothing any more.",
  unfinished: "The wordings that pass break off in the middle.",
  repeating: "The wordings that pass repeat themselves.",
  malformed: "The wordings that pass lack a word or end in the middle.",
  disguised: "The wordings that pass keep part of a spelling that hid a word.",
  copy: "The wordings that pass are your own again.",
  protected_lost: "The wordings that pass lose or alter a link, mention, hashtag or code of yours.",
  declined: "The model that rewrites declined to.",
  no_answer: "The model that rewrites did not answer.",
  language: "A sentence that fails is not in a language that can be rewritten here.",
  protected_fails: "It fails for a link, mention, hashtag, emoji, code or quotation, and these are never altered.",
};
const TRIES = 12; // a minute of waiting for a leader that loads

const NEXT = "Change the underlined words yourself; the comment is checked again as you write.";
const EXAMPLE = "What a stupid idea. Did you even read the article?";

export const reasonOf = (found) => REASONS[found.reason] ?? "There is no better wording.";

export function commentView() {
  const suggest = by("suggest"), stop = by("stop"), notice = by("notice"), section = by("suggestion");
  const comment = screenedField(by("comment"), { name: "comment", label: "Your comment", changed: stale });
  const wording = screenedField(by("wording"), { name: "suggestion", label: "The suggestion", changed: compare });
  let going = null, found = null, feedback = false, comparing;

  by("comment").querySelector(".actions").append(stop, suggest); // in this order: what appears does not push the other from under the pointer

  function tell(text, wrong = false) {
    notice.textContent = text;
    notice.classList.toggle("wrong", wrong);
  }

  // --- ask for a rewrite

  async function start() {
    if (!comment.text.trim()) return tell("Write a comment first."), comment.area.focus();
    const { signal } = (going = new AbortController());
    const source = comment.text;
    const call = () => ask("v1/rewrite", { texts: [source] }, signal);
    const waiting = (error, seconds) => tell(`${error.message} Next try in ${number(Math.ceil(seconds), "second")}.`, true);
    close();
    busy(true);
    tell("Looking for another wording …");
    try {
      const { results } = await withRetries(call, { signal, waiting, tries: TRIES });
      if (!signal.aborted) show(results[0], source);
    } catch (error) {
      tell(signal.aborted ? "Stopped." : error.message, !signal.aborted);
    }
    busy(false);
    going = null;
  }

  // It stays where it is and keeps the focus: a second click, as of a double click, does nothing.
  function busy(yes) {
    suggest.ariaDisabled = String(yes);
    stop.hidden = !yes;
  }

  const askOnce = () => going || start();

  // --- show it

  function show(result, source) {
    if (result.status === "unchanged") return tell("It passes as it is. Nothing to suggest.");
    if (result.status === "refused") return tell(`No suggestion. ${reasonOf(result)} ${NEXT}`);
    found = { source, suggestion: result.text, id: randomId() };
    tell(`Another wording was found; it passes with a score of ${result.after.probability.toFixed(2)}. How similar it is in meaning, from 0 to 1: ${result.similarity.toFixed(2)}.`);
    section.hidden = false;
    edit(false);
    wording.put(result.text);
    draw();
    stale();
    by("use").scrollIntoView({ block: "nearest" }); // the heading on a small screen may give way, the buttons not
    say("wording", `Suggested: ${result.text.slice(0, 500)}`);
  }

  // The difference, soon: two long texts take a few milliseconds.
  function compare() {
    clearTimeout(comparing);
    if (found) comparing = setTimeout(draw, 30);
  }

  const draw = () => by("difference").replaceChildren(...merged(found.source, wording.text));

  function stale() {
    by("stale").hidden = !found || comment.text === found.source;
  }

  function close() {
    clearTimeout(comparing);
    section.hidden = true;
    found = null;
  }

  // --- what somebody does with it

  function edit(yes) {
    by("wording").hidden = !yes;
    by("edit").ariaExpanded = String(yes);
    if (yes) wording.area.focus();
  }

  function use() {
    const { source, suggestion } = found, final = wording.text;
    if (!final.trim()) return tell("The suggestion is empty; there is nothing to use.", true);
    const action = final === suggestion ? "accepted" : final === source ? "refused" : "edited";
    done(action, "It is your comment now. Ctrl+Z takes it back.", action === "edited" ? { final } : {});
    comment.put(final, { undo: true });
  }

  function keep() {
    done("refused", "Your comment stays as it is.");
    comment.area.focus();
  }

  function done(action, told, more = {}) {
    const { id, source, suggestion } = found;
    close();
    tell(told);
    if (feedback) send({ id, source, suggestion, action, ...more }, told);
  }

  async function send(body, told) {
    try { // the same id again is stored once
      await withRetries(() => ask("v1/feedback", body), { waiting: () => {}, tries: 3 });
      tell(`${told} Your choice is stored as feedback.`);
    } catch (error) {
      tell(`${told} Your choice could not be stored as feedback. ${error.message}`, true);
    }
  }

  suggest.addEventListener("click", askOnce);
  stop.addEventListener("click", () => (going?.abort(), suggest.focus()));
  by("example").addEventListener("click", () => (comment.put(EXAMPLE, { undo: true }), comment.area.focus()));
  by("use").addEventListener("click", use);
  by("edit").addEventListener("click", () => edit(true));
  by("keep").addEventListener("click", keep);
  comment.area.addEventListener("keydown", (event) => {
    const start = event.key === "Enter" && (event.ctrlKey || event.metaKey);
    if (start && !suggest.hidden) event.preventDefault(), askOnce();
    if (event.key === "Escape" && going) going.abort();
  });
  return {
    area: comment.area,
    again() {
      for (const field of [comment, wording]) if (field.text) field.again();
    },
    // Which parts the service has.
    parts(states, most) {
      for (const field of [comment, wording]) field.limit(most);
      feedback = states.feedback === "ready";
      suggest.hidden = ["off", "failed"].includes(states.rewrite);
      by("kept").hidden = !feedback;
    },
  };
}
