// Sorts the tables, draws the gallery, searches the sheet. Texts enter the page as text nodes only.
"use strict";
const PAGE = 200;
const LARGEST_DIFF = 4e6; // cells: two texts of 2,000 words
const data = JSON.parse(document.getElementById("data").textContent);
const by = (id) => document.getElementById(id);
const count = (n) => n.toLocaleString("en");

function make(name, properties = {}, ...children) {
  const node = Object.assign(document.createElement(name), properties);
  node.append(...children);
  return node;
}

// --- which words differ --------------------------------------------------------------------------------------------

// Words with the space before them; a mark of punctuation is a word.
const words = (text) => text.match(/\s*(?:[\p{L}\p{M}\p{N}_'’*@-]+|\S|$)/gu).filter((word) => word);

// For both texts, which words are not in their longest common subsequence.
function difference(before, after) {
  const a = before.map((word) => word.trim()), b = after.map((word) => word.trim());
  let start = 0, ends = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  while (ends < Math.min(a.length, b.length) - start && a[a.length - 1 - ends] === b[b.length - 1 - ends]) ends++;
  const m = a.length - ends, n = b.length - ends, width = n - start + 1;
  const left = a.map((_, i) => i >= start && i < m), right = b.map((_, j) => j >= start && j < n);
  if ((m - start + 1) * width > LARGEST_DIFF) return [left, right];
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

// A text with runs of marked words in elements of that name; the space before a run stays outside.
function marked(list, marks, name) {
  const text = make("span", { className: "text", dir: "auto" });
  for (let i = 0; i < list.length; ) {
    let end = i + 1;
    while (end < list.length && marks[end] === marks[i]) end++;
    const run = list.slice(i, end).join(""), word = run.trimStart();
    if (marks[i] && word) text.append(run.slice(0, run.length - word.length), make(name, {}, word));
    else text.append(run);
    i = end;
  }
  return text;
}

// --- one sentence ----------------------------------------------------------------------------------------------------

const [SYSTEM, SENTENCE, REWRITE, VERDICTS, SCORES] = [0, 1, 2, 3, 4];
const digits = data.scores.map((_, i) => (data.lines.every((line) => Number.isInteger(line[SCORES][i] ?? 0)) ? 0 : 2));

function figures(line) {
  const shown = make("span", { className: "figures" });
  for (const verdict of line[VERDICTS]) shown.append(make("span", { className: "tag" }, verdict));
  line[SCORES].forEach((value, i) => {
    if (value !== null) shown.append(make("span", {}, `${data.scores[i]} ${value.toFixed(digits[i])}`));
  });
  return shown;
}

function entry(term, className, ...content) {
  return make("div", { className }, make("dt", {}, term), make("dd", {}, ...content));
}

// The comment, what the lines make of it, and what a human made of it. One line alone marks what it left out, too.
function sentence(place, lines) {
  const [row, source, reference] = data.sentences[place];
  const before = words(source), list = make("dl");
  let kept = before.map(() => false);
  const entries = lines.map((line) => {
    const after = words(line[REWRITE]), [left, right] = difference(before, after);
    if (lines.length === 1) kept = left;
    const text = line[REWRITE].trim() ? marked(after, right, "ins") : make("span", { className: "empty" }, "nothing");
    return entry(data.systems[line[SYSTEM]], "rewrite", text, figures(line));
  });
  list.append(entry("comment", "source", marked(before, kept, "del")), ...entries);
  if (reference !== null) list.append(entry("human", "reference", marked([reference], [false])));
  return make("li", {}, make("span", { className: "row" }, count(row)), list);
}

// --- gallery ---------------------------------------------------------------------------------------------------------

function gallery() {
  const lines = new Map(data.gallery.map((place) => [place, []]));
  for (const line of data.lines) if (data.rivals.includes(line[SYSTEM])) lines.get(line[SENTENCE])?.push(line);
  for (const [place, found] of lines) {
    found.sort((one, other) => one[SYSTEM] - other[SYSTEM]);
    by("gallery-cases").append(sentence(place, found));
  }
}

// --- sheet -----------------------------------------------------------------------------------------------------------

function sheet() {
  const find = by("find"), system = by("system"), order = by("order"), more = by("more"), cases = by("cases");
  data.systems.forEach((name, i) => system.append(new Option(name, i)));
  if (data.systems.length > 1) system.append(new Option("all systems", ""));
  order.append(new Option(data.scores.length ? "worst first" : "copies first", "worst"), new Option("by row", "row"));
  data.scores.forEach((name, i) => order.append(new Option(`lowest ${name}`, i)));
  const options = ["", "failed", "copy", "low similarity", "empty"].map((verdict) => {
    const input = make("input", { type: "radio", name: "verdict", value: verdict, checked: !verdict });
    const label = make("label", {}, input, make("span"));
    by("verdicts").append(label);
    return { verdict, input, label };
  });
  const orders = {
    row: (one, other) => data.sentences[one[SENTENCE]][0] - data.sentences[other[SENTENCE]][0],
    ...data.scores.map((_, i) => (one, other) => (one[SCORES][i] ?? Infinity) - (other[SCORES][i] ?? Infinity) || 0),
  };
  let found = [], shown = 0;

  function grow() {
    const next = found.slice(shown, shown + PAGE);
    cases.append(...next.map((line) => sentence(line[SENTENCE], [line])));
    shown += next.length;
    more.hidden = shown === found.length;
    more.textContent = `${count(Math.min(PAGE, found.length - shown))} more`;
    by("count").textContent = found.length ? `${count(shown)} of ${count(found.length)} shown` : "None is like this.";
  }

  function search() {
    const sought = find.value.trim().toLowerCase();
    const matches = (line) =>
      (system.value === "" || line[SYSTEM] === Number(system.value)) &&
      (!sought || [line[REWRITE], ...data.sentences[line[SENTENCE]].slice(1)].some((text) => text?.toLowerCase().includes(sought)));
    const candidates = data.lines.filter(matches);
    for (const { verdict, input, label } of options) {
      const number = verdict ? candidates.filter((line) => line[VERDICTS].includes(verdict)).length : candidates.length;
      label.lastChild.textContent = `${verdict || "all"} ${count(number)}`;
      input.disabled = !number && !input.checked;
    }
    const { verdict } = options.find(({ input }) => input.checked);
    found = verdict ? candidates.filter((line) => line[VERDICTS].includes(verdict)) : candidates;
    if (order.value !== "worst") found = [...found].sort(orders[order.value]);
    shown = 0;
    cases.replaceChildren();
    grow();
  }

  let pause;
  find.addEventListener("input", () => {
    clearTimeout(pause);
    pause = setTimeout(search, 150);
  });
  for (const control of [system, order, by("verdicts")]) control.addEventListener("change", search);
  more.addEventListener("click", () => {
    const last = cases.lastElementChild;
    grow();
    if (more.hidden && last.nextElementSibling) { // the button that had the focus is gone
      last.nextElementSibling.tabIndex = -1;
      last.nextElementSibling.focus({ preventScroll: true });
    }
  });
  search();
}

// --- tables and command ----------------------------------------------------------------------------------------------

function sortable(table) {
  const heads = [...table.tHead.rows[0].cells], body = table.tBodies[0];
  heads.forEach((head, column) => head.firstChild.addEventListener("click", () => {
    const numeric = head.classList.contains("n");
    const first = numeric ? "descending" : "ascending", second = numeric ? "ascending" : "descending";
    const direction = head.ariaSort === first ? second : first, sign = direction === "ascending" ? 1 : -1;
    for (const other of heads) other.ariaSort = other === head ? direction : "none";
    const value = (row) => Number(row.cells[column].dataset.value ?? NaN);
    const compare = (one, other) => {
      if (!numeric) return sign * one.cells[column].textContent.localeCompare(other.cells[column].textContent);
      const x = value(one), y = value(other);
      return Number.isNaN(x) || Number.isNaN(y) ? Number.isNaN(x) - Number.isNaN(y) : sign * (x - y); // none comes last
    };
    body.append(...[...body.rows].sort(compare));
  }));
}

async function copy() {
  try {
    await navigator.clipboard.writeText(by("command").textContent);
    by("copy").textContent = "Copied";
    setTimeout(() => (by("copy").textContent = "Copy"), 1500);
  } catch { // refused: then the command is selected, one keystroke from being copied
    getSelection().selectAllChildren(by("command"));
  }
}

document.querySelectorAll("table").forEach(sortable);
by("copy")?.addEventListener("click", copy);
if (data.gallery.length) gallery();
if (data.lines.length) sheet();
