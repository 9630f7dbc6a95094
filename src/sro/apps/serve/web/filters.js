// Which rows of the sheet are shown, and in which order. Pure.
import { kind } from "./files.js";

export const ALL = { kind: "all", decision: "any", attribute: "", from: 0, to: 1, order: "file" };

// How rude a comment seems as a whole, or by one attribute; null where nobody has said.
export function scoreOf({ result }, attribute = "") {
  const before = result?.before ?? result;
  return (attribute ? before?.attributes?.[attribute] : before?.probability) ?? null;
}

function shown(row, { kind: wanted, decision, attribute, from, to }) {
  if (wanted !== "all" && kind(row) !== wanted) return false;
  if (decision !== "any" && (row.decision ?? "open") !== decision) return false;
  if (from <= 0 && to >= 1 && !attribute) return true;
  const score = scoreOf(row, attribute);
  return score !== null && score >= from && score <= to;
}

export function filtered(rows, filter) {
  const found = rows.filter((row) => shown(row, filter));
  if (filter.order === "file") return found;
  const score = (row) => scoreOf(row, filter.attribute) ?? -1;
  return found.sort((one, other) => score(other) - score(one)); // those alike stay in the file's order
}

// The attributes that the screener tells apart; none where it tells none.
export const attributesOf = (rows) => Object.keys(rows.map(({ result }) => (result?.before ?? result)?.attributes).find(Boolean) ?? {});
