// Texts as nodes: what differs between two, what was refused in one. Everything enters the page as text nodes.

export const LARGEST_DIFF = 4e6; // cells: two texts of 2,000 words

export const by = (id) => document.getElementById(id);
export const count = (n) => n.toLocaleString("en");
export const number = (n, one, many = `${one}s`) => `${count(n)} ${n === 1 ? one : many}`;

const NAMES = new Intl.DisplayNames(["en"], { type: "language" });

// English name of a language code; `und` is a language other than English that was not identified.
export const languageName = (code) => (code === "und" ? "another language than English" : NAMES.of(code));

export function make(name, properties = {}, ...children) {
  const node = Object.assign(document.createElement(name), properties);
  node.append(...children);
  return node;
}

// --- which words differ --------------------------------------------------------------------------------------------

// Words with the space before them; a mark of punctuation is a word.
export const words = (text) => text.match(/\s*(?:[\p{L}\p{M}\p{N}_'’*@-]+|\S|$)/gu).filter((word) => word);

// For both lists of words, which are not in their longest common subsequence. Where that would take more than `most`
// cells, everything between what both begin and end with.
export function difference(before, after, most = LARGEST_DIFF) {
  const a = before.map((word) => word.trim()), b = after.map((word) => word.trim());
  let start = 0, ends = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  while (ends < Math.min(a.length, b.length) - start && a[a.length - 1 - ends] === b[b.length - 1 - ends]) ends++;
  const m = a.length - ends, n = b.length - ends, width = n - start + 1;
  const left = a.map((_, i) => i >= start && i < m), right = b.map((_, j) => j >= start && j < n);
  if ((m - start + 1) * width > most) return [left, right];
  const longest = new Uint16Array((m - start + 1) * width);
  const at = (i, j) => (i - start) * width + j - start;
  for (let i = m - 1; i >= start; i--)
    for (let j = n - 1; j >= start; j--)
      longest[at(i, j)] = a[i] === b[j] ? longest[at(i + 1, j + 1)] + 1 : Math.max(longest[at(i + 1, j)], longest[at(i, j + 1)]);
  for (let i = start, j = start; i < m && j < n; )
    if (a[i] === b[j]) left[i++] = right[j++] = false;
    else if (longest[at(i + 1, j)] >= longest[at(i, j + 1)]) i++;
    else j++;
  return [left, right];
}

// Lists of words as nodes, runs of marked ones in elements of that name; the space before a run stays outside.
function runs(list, marks, name) {
  const nodes = [];
  for (let i = 0; i < list.length; ) {
    let end = i + 1;
    while (end < list.length && marks[end] === marks[i]) end++;
    const run = list.slice(i, end).join(""), word = run.trimStart();
    if (marks[i] && word) nodes.push(run.slice(0, run.length - word.length), make(name, {}, word));
    else nodes.push(run);
    i = end;
  }
  return nodes;
}

// The text before, with <del>, and the text after, with <ins>.
export function sides(before, after, most) {
  const a = words(before), b = words(after), [left, right] = difference(a, b, most);
  return [runs(a, left, "del"), runs(b, right, "ins")];
}

// One text made of both: what went and what came at its place; what stayed is as it is now.
export function merged(before, after, most) {
  const a = words(before), b = words(after), [left, right] = difference(a, b, most), nodes = [];
  const end = (marks, from) => {
    const found = marks.indexOf(false, from);
    return found < 0 ? marks.length : found;
  };
  for (let i = 0, j = 0; i < a.length || j < b.length; i++, j++) {
    const gone = end(left, i), come = end(right, j);
    nodes.push(...runs(a.slice(i, gone), left.slice(i, gone), "del"), ...runs(b.slice(j, come), right.slice(j, come), "ins"));
    [i, j] = [gone, come];
    if (j < b.length) nodes.push(b[j]);
  }
  return nodes;
}

// --- what was refused ----------------------------------------------------------------------------------------------

// The service counts code points, a script UTF-16 units: the same spans in those, in order, without overlaps.
export function inUnits(text, spans) {
  const found = [];
  let point = 0, unit = 0;
  const walk = (to) => {
    for (; point < to && unit < text.length; point++) unit += text.codePointAt(unit) > 0xffff ? 2 : 1;
    return unit;
  };
  for (const { start, end, score } of [...spans].sort((one, other) => one.start - other.start))
    if (start >= point && end > start) found.push({ start: walk(start), end: walk(end), score });
  return found.filter(({ start, end }) => end > start);
}

// Where spans of one text are in the next, as far as the edit between the two left them alone.
export function moved(spans, before, after) {
  const most = Math.min(before.length, after.length);
  let start = 0, ends = 0;
  while (start < most && before[start] === after[start]) start++;
  while (ends < most - start && before[before.length - 1 - ends] === after[after.length - 1 - ends]) ends++;
  const shift = after.length - before.length;
  return spans.flatMap((span) => {
    if (span.end <= start) return [span];
    return span.start >= before.length - ends ? [{ ...span, start: span.start + shift, end: span.end + shift }] : [];
  });
}

// The words in those spans, each once whatever its case, with its places; the weightiest first.
export function repeated(text, spans) {
  const found = new Map();
  for (const span of [...spans].sort((one, other) => other.score - one.score)) {
    const word = text.slice(span.start, span.end), key = word.toLowerCase();
    if (!found.has(key)) found.set(key, { word, places: [] });
    found.get(key).places.push(span);
  }
  for (const { places } of found.values()) places.sort((one, other) => one.start - other.start);
  return [...found.values()];
}

// The text with every span in a <mark>.
export function marked(text, spans) {
  const nodes = [];
  let at = 0;
  for (const { start, end } of spans) {
    nodes.push(text.slice(at, start), make("mark", {}, text.slice(start, end)));
    at = end;
  }
  nodes.push(text.slice(at));
  return nodes;
}

// The first `most` characters of such nodes, and how many more there are.
export function shortened(nodes, most) {
  const kept = [];
  let left = most, more = 0;
  for (const node of nodes) {
    const text = typeof node === "string" ? node : node.textContent;
    if (text.length <= left) kept.push(node);
    else {
      const some = text.slice(0, left);
      if (some) kept.push(typeof node === "string" ? some : make(node.localName, {}, some));
      more += text.length - some.length;
    }
    left = Math.max(0, left - text.length);
  }
  if (more) kept.push(make("small", {}, ` … ${number(more, "more character")}`));
  return kept;
}
