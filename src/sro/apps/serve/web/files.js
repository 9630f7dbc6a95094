// Comments out of files. Pure: texts in, rows out.
//
// A row: {line, text, error, result, empty, others}; `line` is where it stands in the file, `text` null where there is
// none to read, `empty` whether nothing is written there, `others` what else the row holds, by column.

// As in `sro`'s own reading of corpora.
const USUAL = "text comment comment_text toxic_comment toxic_sentence sentence content body message tweet post toxic".split(" ");
const LOOKAHEAD = 100; // rows

const row = (line, text, error = null, others = {}) => ({ line, text, error, result: null, empty: text !== null && !text.trim(), others });

// Bytes as text: by their mark, else UTF-8, else (old exports of spreadsheets) Windows-1252.
export function decoded(bytes) {
  const [one, two] = bytes;
  if (one === 0xff && two === 0xfe) return new TextDecoder("utf-16le").decode(bytes);
  if (one === 0xfe && two === 0xff) return new TextDecoder("utf-16be").decode(bytes);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder("windows-1252").decode(bytes);
  }
}

// What kind of file it is, in words, if it cannot be plain text; else null.
export function notText(name, bytes) {
  const start = String.fromCharCode(...bytes.slice(0, 4)), suffix = /\.(\w+)$/.exec(name.toLowerCase())?.[1];
  if (start === "PAR1" || suffix === "parquet") return "a Parquet file";
  if (["xlsx", "xls", "ods", "numbers"].includes(suffix)) return "a spreadsheet";
  if (start.startsWith("PK\u0003\u0004") || start.startsWith("\u001f\u008b") || ["zip", "gz", "pdf", "docx"].includes(suffix)) return "not a text file";
  return null;
}

// What a file offers: {columns: names or null, column: the likeliest, header: whether its first line seems to name
// them (null: there is none), rows(column, header)}.
export function opened(name, text) {
  const suffix = /\.(\w+)$/.exec(name.toLowerCase())?.[1];
  if (["csv", "tsv"].includes(suffix)) {
    const [line, mark] = EXCELS_OWN.exec(text) ?? [""];
    return openedTable(text.slice(line.length), mark ?? (suffix === "tsv" ? "\t" : commonest(text)), line ? 2 : 1);
  }
  if (["jsonl", "ndjson"].includes(suffix)) return openedObjects(text);
  return { columns: null, column: 0, header: null, rows: () => lines(text) };
}

// One comment a line; blank lines are none.
export function lines(text) {
  return text.split(/\r\n|\n|\r/).flatMap((line, i) => (line.trim() ? [row(i + 1, line)] : []));
}

// --- CSV -----------------------------------------------------------------------------------------------------------

// A first line that tells Excel the mark between cells.
const EXCELS_OWN = /^"?sep=([^\w\s]|\t)"?[^\S\r\n]*(?:\r\n|\n|\r)/i;

// Records by RFC 4180: {line, cells, open}; `open`: a quotation mark that is never closed. The first stands in line `line`.
export function* records(text, mark, line = 1) {
  const stop = new RegExp(`[\\${mark}\r\n]`, "g");
  for (let at = 0; at < text.length; ) {
    const cells = [], start = at;
    let open = false;
    for (let more = true; more; ) {
      let cell = "";
      if (text[at] === '"')
        for (let quoted = true; quoted; ) {
          const close = text.indexOf('"', at + 1);
          cell += text.slice(at + 1, close < 0 ? undefined : close);
          at = close < 0 ? text.length : close + 1;
          open ||= close < 0;
          quoted = text[at] === '"';
          if (quoted) cell += '"';
        }
      stop.lastIndex = at;
      const end = stop.exec(text)?.index ?? text.length;
      cells.push(cell + text.slice(at, end));
      more = text[end] === mark;
      at = end + (text.startsWith("\r\n", end) ? 2 : 1);
    }
    if (cells.length > 1 || cells[0] || text[start] === '"') yield { line, cells, open };
    for (let i = start; i < at && i < text.length; i++) if (text[i] === "\n" || (text[i] === "\r" && text[i + 1] !== "\n")) line++;
  }
}

const commonest = (text) => {
  const first = text.slice(0, text.search(/[\r\n]|$/));
  return [",", ";", "\t"].reduce((best, mark) => (first.split(mark).length > first.split(best).length ? mark : best));
};

// The names, where one comes again with a number behind it.
const unlike = (names) => names.map((name, i) => (names.indexOf(name) < i ? `${name} ${i + 1}` : name));

function openedTable(text, mark, line) {
  const all = [...records(text, mark, line)], first = unlike(all[0]?.cells ?? []);
  const named = first.map((cell) => cell.trim().toLowerCase()), usual = USUAL.find((name) => named.includes(name));
  const length = (i) => all.slice(0, LOOKAHEAD).reduce((sum, { cells }) => sum + (cells[i]?.length ?? 0), 0);
  const longest = first.reduce((best, _, i) => (length(i) > length(best) ? i : best), 0);
  const read = ({ line, cells, open }, column, header) => {
    const length = Math.max(first.length, cells.length); // a cell more than there are names is kept too
    const name = (i) => (header && i < first.length ? first[i] : `column ${i + 1}`);
    const others = Object.fromEntries(Array.from({ length }, (_, i) => [name(i), cells[i] ?? ""]));
    if (open) return row(line, null, "A quotation mark opens in this row and is never closed.", others);
    if (column >= cells.length) return row(line, null, "This row has no such column.", others);
    return row(line, cells[column], null, others);
  };
  return {
    columns: first,
    column: usual ? named.indexOf(usual) : longest,
    header: Boolean(usual),
    rows: (column, header) => all.slice(header ? 1 : 0).map((record) => read(record, column, header)),
  };
}

// --- JSON Lines ----------------------------------------------------------------------------------------------------

// Integers that a script cannot hold become texts, for ids must come back as they were. (The texts of the line match
// first, also one that is never closed, so nothing within them is touched.)
const TEXT_OR_INTEGER = /"(?:[^"\\]+|\\.)*"?|(?<![\w.+-])-?\d{16,}(?![\w.])/g;
const held = (one) => one[0] === '"' || Number.isSafeInteger(Number(one));
const exact = (line) => line.replace(TEXT_OR_INTEGER, (one) => (held(one) ? one : `"${one}"`));

function openedObjects(text) {
  const all = lines(text).map(({ line, text }) => {
    try {
      return { line, value: JSON.parse(exact(text)) };
    } catch {
      return { line, error: "This line is not JSON." };
    }
  });
  const keys = new Set(all.slice(0, LOOKAHEAD).flatMap(({ value }) => (isObject(value) ? Object.keys(value) : [])));
  const columns = [...keys], usual = USUAL.find((name) => keys.has(name));
  const read = ({ line, value, error }, column) => {
    if (error) return row(line, null, error);
    const others = isObject(value) ? value : {};
    const found = Object.hasOwn(others, columns[column]) ? others[columns[column]] : value;
    return typeof found === "string" ? row(line, found, null, others) : row(line, null, "There is no text at this place.", others);
  };
  return {
    columns: columns.length ? columns : null,
    column: Math.max(0, columns.indexOf(usual)),
    header: null,
    rows: (column) => all.map((one) => read(one, column)),
  };
}

const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

// What became of a row, in one word.
export function kind({ error, result, empty }) {
  if (error) return "error";
  if (empty) return "empty";
  if (!result) return "waiting";
  return result.status ?? (result.label === "fail" ? "fails" : "passes");
}
