// A row of the sheet as a row of the table.
import { reasonOf } from "./comment.js";
import { kind } from "./files.js";
import { count, inUnits, languageName, make, marked, shortened, sides } from "./text.js";

const MOST = 2000; // characters of a text
const MOST_CELLS = 2.5e5; // of a difference: a hundred rows are drawn at once
const TOLD = {
  waiting: "Waiting", error: "Error", empty: "Empty", passes: "Passes", fails: "Fails", refused: "No rewrite",
  rewritten: "Rewritten", unchanged: "Passes",
};

export function resultRow(row) {
  const { line, text, error, result } = row, sort = kind(row), [comment, rewrite] = texts(row, sort);
  const figures = [];
  if (result) figures.push(probabilities(result));
  if (sort === "rewritten") figures.push(`similarity ${result.similarity.toFixed(2)}`);
  const unread = result?.language_supported === false && `A guess: the screener does not read ${languageName(result.language)}.`;
  const told = sort === "refused" && result.status ? reasonOf(result) : error || unread;
  return make(
    "tr", { className: sort },
    make("td", { className: "n" }, count(line)),
    make("td", {}, comment && whole(comment)),
    make("td", { className: "rewrite" }, rewrite && whole(rewrite)),
    make("td", {}, make("span", { className: "tag" }, TOLD[sort]), ...figures.map((one) => make("span", { className: "figure" }, one)),
      told ? make("span", { className: "why" }, told) : ""),
  );
}

const whole = (nodes) => make("span", { className: "text", dir: "auto" }, ...shortened(nodes, MOST));

// Comment and rewrite, with what was refused or what differs marked.
function texts({ text, result }, sort) {
  if (text === null) return ["", ""];
  if (sort === "rewritten") return sides(text, result.text, MOST_CELLS);
  return [marked(text, inUnits(text, result?.spans ?? [])), ""];
}

function probabilities(result) {
  const { before = result, after } = result;
  return `Score ${before.probability.toFixed(2)}${after ? ` → ${after.probability.toFixed(2)}` : ""}`;
}
