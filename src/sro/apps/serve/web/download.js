// Rows with what became of them, as files. Pure: rows in, texts out.
import { finalOf } from "./decisions.js";
import { kind } from "./files.js";
import { attributesOf, scoreOf } from "./filters.js";

const COLUMNS = "line comment status rewrite reason score_before score_after similarity error decision final".split(" ");

// The CSV uses the page's words: a comment without a rewrite is not called "refused", which is a moderator's decision.
const WORDS = { refused: "no rewrite", unchanged: "passes" };

// The rewrite column is filled only if the status is `rewritten`.
function values(one) {
  const { line, text, error, result } = one, before = result?.before ?? result;
  const status = kind(one), rewrite = status === "rewritten" ? result.text : null;
  const figures = [before?.probability, result?.after?.probability, result?.similarity].map((value) => value ?? null);
  return [line, text, status, rewrite, result?.reason ?? null, ...figures, error, one.decision ?? null, finalOf(one)];
}

// Rows as they are written out, by column: those of the file as they were, and behind them what became of the row, under
// a name of its own where the file has that name already. Without columns the comment stands between. `order`: of the
// file's columns; an object would put one that is called 2024 first.
function written(rows, order, words = {}) {
  const names = new Set(rows.flatMap(({ others }) => Object.keys(others))), attributes = attributesOf(rows);
  const theirs = [...new Set([...order.filter((name) => names.has(name)), ...names])];
  const name = (column) => { // sro_line, and where a download was worked on again sro2_line
    const names = [column, `sro_${column}`, ...theirs.map((_, i) => `sro${i + 2}_${column}`)];
    return names.find((one) => !theirs.includes(one));
  };
  const ours = [...COLUMNS, ...attributes.map((name) => `score_${name.toLowerCase()}`)].filter((column) => column !== "comment" || !theirs.length);
  const records = rows.map((one) => {
    const found = Object.fromEntries(values(one).map((value, i) => [COLUMNS[i], value]));
    found.status = words[found.status] ?? found.status;
    for (const attribute of attributes) found[`score_${attribute.toLowerCase()}`] = scoreOf(one, attribute);
    return { ...one.others, ...Object.fromEntries(ours.map((column) => [name(column), found[column]])) };
  });
  return { columns: [...theirs, ...ours.map(name)], records };
}

// What a spreadsheet would take for a formula, whatever invisible stands before it.
const FORMULA = /^(?:[\s\p{C}]*[=+\-@＝＋－＠]|[\t\r\n])/u;

const NUMBER = /^-?\d+(?:\.\d+)?$/;

// Texts are quoted, and one that looks like a formula begins with a quotation mark that makes it text.
export function cell(value) {
  if (value === null) return "";
  if (typeof value !== "string" || NUMBER.test(value)) return String(value);
  return `"${FORMULA.test(value) ? "'" : ""}${value.replaceAll('"', '""')}"`;
}

// For spreadsheets: a byte order mark, or they would not read it as UTF-8.
export function asCSV(rows, order = []) {
  const { columns, records } = written(rows, order, WORDS);
  const plain = (value) => (typeof value === "object" && value !== null ? JSON.stringify(value) : (value ?? null));
  const line = (record) => `${columns.map((column) => cell(plain(record[column]))).join(",")}\r\n`;
  return ["\ufeff", `${columns.map((name) => (/^\w+$/.test(name) ? name : cell(name))).join(",")}\r\n`, ...records.map(line)];
}

// For programs: texts as they were, half characters as \ud83d.
export const asLines = (rows) => written(rows, []).records.map((record) => `${JSON.stringify(record)}\n`);
