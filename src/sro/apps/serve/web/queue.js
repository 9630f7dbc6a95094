// The moderator's queue: rows that were worked on, filtered, gone through by keyboard or pointer, decided.
import { ask } from "./api.js";
import { decidable, decide, finalOf, outbox, proposalPasses, proposed } from "./decisions.js";
import { kind } from "./files.js";
import { filterBar } from "./filter_bar.js";
import { ALL, filtered } from "./filters.js";
import { DECIDED, resultRow, stateOf } from "./rows.js";
import { say } from "./say.js";
import { by, count, number } from "./text.js";
import { virtualRows } from "./virtual.js";

const PART = 50_000; // rows in the box at a time: browsers have a highest height
const SOON = 300; // milliseconds until the words of what is seen are asked for
const WORDS_OF = 8; // rows at a time
const rowsOf = (n) => number(n, "row");

// `decided` is called after every decision.
export function queueView({ decided }) {
  const box = by("box"), part = by("page"), help = by("keyboard");
  let rows = [], found = [], list = [], filter = { ...ALL }, mode = "rewrite";
  let current = null, editing = null, draft = "", together = [], asking = null;

  const view = () => ({ editing, draft, mode, attribute: filter.attribute });
  const drawn = virtualRows({
    box, head: by("head"), body: by("rows"), space: [by("above").firstElementChild, by("below").firstElementChild],
    state: (row) => stateOf(row, view()), draw: (row) => resultRow(row, view()), mark,
  });
  const bar = filterBar({ changed: refilter });
  const sent = outbox({ changed: () => drawn.render(), trouble: (told) => (stuck(told), totals()) });

  // --- what is shown

  function mark(nodes) {
    for (const [row, node] of nodes) node.ariaSelected = String(row === current);
    if (nodes.has(current)) box.setAttribute("aria-activedescendant", nodes.get(current).id);
    else box.removeAttribute("aria-activedescendant");
    asking ??= setTimeout(askForWords, SOON);
  }

  // Which words a comment fails for takes a screener many readings to find: it is asked of what is seen alone, and where
  // there is no rewrite, which would show it.
  async function askForWords() {
    const some = drawn.seen.filter((row) => ["refused", "fails"].includes(kind(row)) && !row.spans).slice(0, WORDS_OF);
    for (const row of some) row.spans = [];
    try {
      if (!some.length) return;
      const { results } = await ask("v1/screen", { texts: some.map(({ text }) => text), spans: true });
      results.forEach(({ spans }, i) => (some[i].spans = spans));
      drawn.render();
    } catch { /* they are shown without */ } finally {
      asking = some.length ? setTimeout(askForWords, SOON) : null; // others may be seen by now
    }
  }

  function refresh() {
    bar.show(rows, filter);
    found = filtered(rows, filter);
    const parts = Math.max(1, Math.ceil(found.length / PART)), at = Math.min(parts, Math.max(1, Math.floor(part.value) || 1));
    if (document.activeElement !== part) part.value = at;
    part.max = parts;
    by("pages").textContent = `of ${count(parts)}`;
    by("pager").hidden = parts === 1;
    by("previous").disabled = at === 1;
    by("next").disabled = at === parts;
    by("results").dataset.mode = mode;
    list = found.slice((at - 1) * PART, at * PART);
    box.setAttribute("aria-rowcount", list.length + 1);
    if (!list.includes(current)) current = null;
    drawn.put(list);
    totals();
  }

  function totals() {
    const passing = found.filter(acceptable).length, done = rows.filter(({ decision }) => decision).length;
    by("accept-all").disabled = !passing;
    by("accept-all").textContent = passing ? `Accept the ${count(passing)} shown that pass` : "Accept all that pass";
    by("undo-all").hidden = !together.length;
    by("shown").textContent = `${count(found.length)} of ${number(rows.length, "row")} shown · ${count(done)} decided`;
    decided(done);
  }

  function refilter() {
    filter = bar.read();
    turn(1);
    say("filter", `${rowsOf(found.length)} shown.`);
  }

  function turn(to) {
    part.value = to;
    box.scrollTop = 0;
    refresh();
  }

  // --- go and decide

  function go(to) {
    if (!list.length) return;
    const index = Math.max(0, Math.min(list.length - 1, to));
    if (list[index] === current) say("queue", index ? "This is the last row shown." : "This is the first row shown.");
    current = list[index];
    drawn.reveal(index);
  }

  const here = () => list.indexOf(current);
  const step = (rows) => go(current ? here() + rows : drawn.first);

  function settle(row, decision, final = null) {
    const at = list.indexOf(row), next = list[at + 1];
    decide(row, decision, final);
    sent.put(row);
    refresh();
    say("queue", decision ? `${DECIDED[decision]}, line ${count(row.line)}.` : `Open again, line ${count(row.line)}.`);
    if (!decision) return drawn.render();
    if (next) go(list.indexOf(next));
    else if (list.length) go(list.length - 1);
  }

  function act(name, row) {
    if (!row) return say("queue", "Choose a row first: J goes to the next.");
    if (!decidable(row)) return say("queue", row.empty || row.text === null ? "There is no comment in this row." : "This comment waits to be checked.");
    if (name === "accept") settle(row, "accepted");
    if (name === "refuse") settle(row, "refused");
    if (name === "undo" && row.decision) settle(row, null);
    if (name === "edit") edit(row);
    if (name === "save") save();
    if (name === "leave") leave();
  }

  function acceptAll() {
    together = found.filter(acceptable);
    for (const row of together) decide(row, "accepted"), sent.put(row);
    refresh();
    say("queue", `Accepted: ${rowsOf(together.length)}.`);
    by("undo-all").focus();
  }

  function undoAll() {
    for (const row of together) if (row.decision === "accepted") decide(row, null), sent.put(row);
    say("queue", `Open again: ${rowsOf(together.length)}.`);
    together = [];
    refresh();
    box.focus({ preventScroll: true });
  }

  const acceptable = (row) => !row.decision && decidable(row) && proposalPasses(row);

  // --- edit in place

  function edit(row) {
    if (editing && editing !== row && !leave()) return;
    editing = current = row;
    draft = finalOf(row) ?? proposed(row);
    drawn.render();
    drawn.reveal(here());
    by("rows").querySelector("textarea")?.focus();
  }

  // Ask before unsaved text is lost.
  function leave() {
    if (editing && draft !== (finalOf(editing) ?? proposed(editing)) && !confirm("Leave your wording? It is not saved.")) return false;
    editing = null;
    box.focus({ preventScroll: true });
    drawn.render();
    return true;
  }

  function save() {
    const row = editing, text = draft;
    if (!text.trim()) return say("queue", "Nothing is written here; refuse the row, if nothing may be posted.");
    editing = null;
    box.focus({ preventScroll: true });
    settle(row, text === proposed(row) ? "accepted" : "edited", text === proposed(row) ? null : text);
    if (row.decision === "edited") check(row);
  }

  // Whether the moderator's own wording passes.
  async function check(row) {
    const { final } = row;
    let verdict;
    try {
      [verdict] = (await ask("v1/screen", { texts: [final] })).results;
    } catch (error) {
      verdict = { told: `Not checked. ${error.message}` };
    }
    if (row.final !== final) return;
    row.verdict = verdict;
    if (verdict.label === "fail") say("check", `Your wording of line ${count(row.line)} fails.`);
    drawn.render();
  }

  // --- what happens

  const KEYS = {
    j: () => step(1), ArrowDown: () => step(1), k: () => step(-1), ArrowUp: () => step(-1),
    Home: () => go(0), End: () => go(list.length - 1),
    a: () => act("accept", current), e: () => act("edit", current), r: () => act("refuse", current), u: () => act("undo", current),
    "?": () => help.showModal(),
  };

  function pressed(event) {
    if (event.target.closest(".editor")) {
      if (event.key === "Escape") event.preventDefault(), leave();
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) event.preventDefault(), save();
      return;
    }
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (event.ctrlKey || event.metaKey || event.altKey || !Object.hasOwn(KEYS, key)) return;
    event.preventDefault();
    KEYS[key]();
  }

  function clicked(event) {
    const row = drawn.rowOf(event.target.closest("tr")), action = event.target.closest("[data-action]")?.dataset.action;
    if (!row || event.target.closest("textarea")) return;
    box.focus({ preventScroll: true }); // a button may be gone in a moment
    if (action) return act(action, row);
    current = row;
    drawn.render();
  }

  function stuck(told) {
    by("unsent").hidden = !told;
    by("unsent-told").textContent = told ? `Decisions wait that could not be stored as feedback. ${told}` : "";
  }

  box.addEventListener("keydown", pressed);
  box.addEventListener("click", clicked);
  box.addEventListener("focus", () => {
    if (!current) current = list[drawn.first] ?? null;
    drawn.render();
  });
  box.addEventListener("input", (event) => (draft = event.target.value));
  by("previous").addEventListener("click", () => turn(Number(part.value) - 1));
  by("next").addEventListener("click", () => turn(Number(part.value) + 1));
  part.addEventListener("change", () => turn(part.value));
  by("accept-all").addEventListener("click", acceptAll);
  by("undo-all").addEventListener("click", undoAll);
  by("keys").addEventListener("click", () => help.showModal());
  by("resend").addEventListener("click", sent.hurry);
  addEventListener("beforeunload", (event) => sent.size && event.preventDefault());
  return {
    // Other rows: none is decided yet.
    put(all, now) {
      [rows, mode, current, editing, together] = [all, now, null, null, []];
      bar.reset();
      filter = { ...ALL };
      turn(1);
    },
    refresh,
    hurry: () => sent.size && sent.hurry(),
    // Which parts the service has.
    parts({ feedback }) {
      sent.open(feedback === "ready");
      by("kept-many").hidden = feedback !== "ready";
    },
  };
}
