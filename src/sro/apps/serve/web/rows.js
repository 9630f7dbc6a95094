// A row of the sheet as a row of the table.
import { reasonOf } from "./comment.js";
import { decidable, rewriteOf } from "./decisions.js";
import { ATTRIBUTES } from "./field.js";
import { kind } from "./files.js";
import { scoreOf } from "./filters.js";
import { count, inUnits, languageName, make, marked, shortened, sides } from "./text.js";

const MOST = 2000; // characters of a text
const MOST_CELLS = 2.5e5; // of a difference: many rows are drawn at once
const HIGH = 0.5; // attributes from here on are told
export const TOLD = {
  waiting: "Waiting", error: "Error", empty: "Empty", passes: "Passes", fails: "Fails", refused: "No rewrite",
  rewritten: "Rewritten", unchanged: "Passes",
};
export const DECIDED = { accepted: "Accepted", edited: "Edited", refused: "Refused" };
const STORED = { stored: "Stored as feedback", waits: "Sent in a few seconds" };

// Everything that a row's appearance depends on.
export const stateOf = (row, { editing, attribute, mode }) =>
  [row.result, row.error, row.spans, row.decision, row.final, row.verdict, row.stored, editing === row, attribute, mode];

// `view`: {editing: the row that is edited, draft: what is written there, attribute: one to be told in any case, mode}.
export function resultRow(row, view) {
  const { line } = row, sort = kind(row), editing = view.editing === row;
  const [comment, rewrite] = texts(row, sort), ours = editing ? editor(row, view.draft) : rewrite && whole(rewrite);
  const beside = view.mode === "rewrite"; // else there is no column for it, and it stands below the comment
  const cell = (className, ...children) => {
    const node = make("td", { className }, ...children);
    node.setAttribute("role", "gridcell");
    return node;
  };
  const node = make(
    "tr", { className: sort, id: `row-${line}` },
    cell("n", count(line)),
    cell("comment", comment && whole(comment), beside ? "" : ours),
    cell("rewrite", beside ? ours : ""),
    cell("result", ...outcome(row, sort, view.attribute)),
    cell("decision", ...(editing ? [] : choices(row))),
  );
  node.setAttribute("role", "row");
  return node;
}

const whole = (nodes) => make("span", { className: "text", dir: "auto" }, ...shortened(nodes, MOST));
const small = (className, text) => make("span", { className }, text);

// Comment and what may stand for it, with the words it fails for or what differs marked.
function texts(row, sort) {
  const { text, result, spans } = row, other = row.decision === "edited" ? row.final : rewriteOf(row);
  if (text === null) return ["", ""];
  if (other !== null) return sides(text, other, MOST_CELLS);
  return [marked(text, inUnits(text, result?.spans ?? spans ?? [])), ""];
}

function outcome(row, sort, attribute) {
  const { result, error } = row, nodes = [small("tag", TOLD[sort])];
  const score = scoreOf(row), after = sort === "rewritten" ? result.after : null;
  if (score !== null) nodes.push(small("figure", `Score ${score.toFixed(2)}${after ? ` → ${after.probability.toFixed(2)}` : ""}`));
  if (sort === "rewritten") nodes.push(small("figure", `Similar in meaning ${result.similarity.toFixed(2)}`));
  for (const [name, value] of Object.entries((result?.before ?? result)?.attributes ?? {}))
    if (name === attribute || (value >= HIGH && name !== "TOXICITY")) nodes.push(small("figure", `${ATTRIBUTES[name] ?? name} ${value.toFixed(2)}`));
  if (sort === "refused") nodes.push(small("why", `${reasonOf(result)} Edit it yourself, or refuse it.`));
  if (error) nodes.push(small("why", error));
  if (result?.language_supported === false) nodes.push(small("why", `A guess: the screener does not read ${languageName(result.language)}.`));
  return nodes;
}

function choices(row) {
  if (!decidable(row)) return [];
  if (!row.decision) return [button("accept", "Accept", row), button("edit", "Edit", row), button("refuse", "Refuse", row)];
  const { verdict, stored } = row, nodes = [small("tag", DECIDED[row.decision])];
  if (verdict) nodes.push(small("figure", verdict.told ?? `${verdict.label === "fail" ? "Fails" : "Passes"} · Score ${verdict.probability.toFixed(2)}`));
  if (stored) nodes.push(small("figure", STORED[stored]));
  return [...nodes, button("undo", "Undo", row)];
}

// Not in the order of Tab: the sheet has keys for all of them, and there are thousands.
function button(action, text, { line }) {
  const node = make("button", { type: "button", tabIndex: -1, ariaLabel: `${text}, line ${count(line)}` }, text);
  node.dataset.action = action;
  return node;
}

function editor(row, draft) {
  const area = make("textarea", { value: draft, rows: Math.min(8, 2 + Math.floor(draft.length / 45)), dir: "auto", ariaLabel: `Your wording of line ${count(row.line)}` });
  area.setAttribute("aria-keyshortcuts", "Control+Enter Escape");
  const save = button("save", "Save", row), cancel = button("leave", "Cancel", row);
  save.tabIndex = cancel.tabIndex = 0;
  return make("div", { className: "editor" }, area, make("p", { className: "buttons" }, save, cancel));
}
