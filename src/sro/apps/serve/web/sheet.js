// Many comments: pasted or from a file, worked through with pause and cancel, shown page by page, downloaded.
import { work } from "./batches.js";
import { asCSV, asLines, decoded, kind, lines, notText, opened } from "./files.js";
import { resultRow } from "./rows.js";
import { say } from "./say.js";
import { by, count, make, number } from "./text.js";

const PAGE = 100; // rows in the page at a time
const OFTEN = 400; // milliseconds between looks at what is done
const LARGEST_FILE = 64 * 2 ** 20;
const JOBS = {
  rewrite: { path: "v1/rewrite", options: {}, first: 2, most: 16 },
  screen: { path: "v1/screen", options: { spans: true }, first: 16, most: 256 },
};
const KINDS = {
  all: "all", fails: "fails", refused: "no rewrite", rewritten: "rewritten", unchanged: "passes", passes: "passes",
  empty: "empty", error: "error", waiting: "waiting",
};
const LABELS = { ready: "Start", running: "Pause", paused: "Resume", ended: "Start again" };

export function sheetView() {
  const pasted = by("pasted"), file = by("file"), column = by("column"), header = by("header"), page = by("page");
  let rows = [], source = null, name = "comments", state = "ready", mode = "rewrite", going = null;
  let finished = 0, before = 0, since = 0, milestone = 0, looking = null, shown = [], filter = "all";
  let typing = null;

  // --- what to work on

  function take(found, told, called) {
    rows = found;
    name = called;
    mode = by("modes").querySelector(":checked").value;
    by("source").textContent = rows.length ? told : "Nothing to work on yet.";
    page.value = 1;
    filter = "all";
    enter("ready");
  }

  function takePasted() {
    clearTimeout(typing);
    typing = null;
    file.value = "";
    source = null;
    columns();
    const found = lines(pasted.value);
    take(found, `${told(found)}, pasted.`, "comments");
  }

  async function takeFile() {
    const chosen = file.files[0];
    if (!chosen) return;
    clearTimeout(typing); // what was pasted just before gives way
    typing = null;
    pasted.value = "";
    source = null;
    columns();
    take([], "", "");
    if (chosen.size > LARGEST_FILE) {
      by("source").textContent = `${chosen.name} is larger than a page should hold (64 MiB); sro rewrite takes files of any size.`;
      return;
    }
    by("source").textContent = `Reading ${chosen.name} …`;
    try {
      const bytes = new Uint8Array(await chosen.arrayBuffer()), other = notText(chosen.name, bytes);
      if (other) {
        by("source").textContent = `${chosen.name} is ${other}, which this page cannot read. Save it as CSV, or use sro rewrite --input.`;
        return;
      }
      source = opened(chosen.name, decoded(bytes));
    } catch {
      by("source").textContent = `${chosen.name} cannot be read.`;
      return;
    }
    header.checked = Boolean(source.header);
    columns(source.column);
    takeColumn();
  }

  function columns(chosen = 0) {
    by("of-column").hidden = !source?.columns;
    by("of-header").hidden = !source?.columns || source.header === null;
    const names = (source?.columns ?? []).map((one, i) => (header.checked || source.header === null ? one : `${i + 1}: ${one}`).slice(0, 60));
    column.replaceChildren(...names.map((one, i) => new Option(one, i)));
    if (names.length) column.value = chosen;
  }

  function takeColumn() {
    const found = source.rows(Number(column.value), header.checked);
    const called = file.files[0].name;
    take(found, `${told(found)} from ${called}.`, called.replace(/\.\w+$/, ""));
  }

  // --- work

  function enter(next) {
    state = next;
    const busy = state === "running" || state === "paused";
    by("input").disabled = busy;
    by("cancel").disabled = !busy;
    by("go").textContent = LABELS[state];
    for (const id of ["results", "progress", "progress-told"]) by(id).hidden = !rows.length;
    if (state !== "running") by("trouble").textContent = "";
    look();
  }

  async function run() {
    if (state === "ended") for (const row of rows) if (row.text !== null) row.result = row.error = null; // what cannot be read stays so
    if (state !== "paused") milestone = 0;
    const { signal } = (going = new AbortController());
    before = done();
    since = performance.now();
    enter("running");
    try {
      await work(rows, JOBS[mode], signal, { done: soon, waiting });
      enter("ended");
      say("work", `Done: ${summary()}.`);
    } catch (error) {
      if (signal.aborted) return;
      enter("paused");
      by("trouble").textContent = `Paused. ${error.message}`;
    }
  }

  function waiting(error, seconds) {
    by("trouble").textContent = `${error.message} Next try in ${number(Math.ceil(seconds), "second")}.`;
  }

  function go() {
    if (typing) takePasted(); // what was pasted a moment ago
    if (!comments(rows)) return (by("trouble").textContent = "Paste some comments first, or choose a file.");
    if (state !== "running") return run();
    going.abort();
    enter("paused");
    say("work", "Paused.");
  }

  function cancel() {
    going.abort();
    enter("ended");
    by("go").focus();
    say("work", `Cancelled: ${summary()}.`);
  }

  // --- progress

  const comments = (some) => some.filter((row) => !row.empty).length;
  const told = (some) => {
    const blank = some.length - comments(some);
    return number(comments(some), "comment") + (blank ? ` and ${number(blank, "empty row")}` : "");
  };
  const done = () => rows.reduce((sum, row) => sum + (!row.empty && (row.result || row.error) ? 1 : 0), 0);
  const summary = () => `${count(finished)} of ${number(comments(rows), "comment")}`;

  function soon() {
    if (by("trouble").textContent) by("trouble").textContent = "";
    looking ??= setTimeout(look, OFTEN);
  }

  function look() {
    clearTimeout(looking);
    looking = null;
    finished = done();
    const wanted = comments(rows);
    by("progress").max = wanted || 1;
    by("progress").value = finished;
    const rate = (1000 * (finished - before)) / (performance.now() - since), left = (wanted - finished) / rate;
    const moving = state === "running" && finished > before;
    const speed = moving ? ` · ${rate < 10 ? rate.toFixed(1) : count(Math.round(rate))} a second · ${duration(left)} left` : "";
    by("progress-told").textContent = `${summary()} done${speed}${state === "paused" ? " · paused" : ""}`;
    const quarter = Math.floor((4 * finished) / (wanted || 1));
    if (moving && quarter > milestone && quarter < 4) say("work", `${25 * quarter} percent done.`);
    milestone = Math.max(milestone, quarter);
    for (const id of ["csv", "jsonl"]) by(id).disabled = !finished;
    table();
  }

  // --- table

  function table() {
    const counts = new Map([["all", rows.length]]);
    for (const row of rows) counts.set(kind(row), (counts.get(kind(row)) ?? 0) + 1);
    for (const { value, input, label } of kinds) {
      label.hidden = !counts.has(value) && value !== filter;
      label.lastChild.textContent = `${KINDS[value]} ${count(counts.get(value) ?? 0)}`;
      input.checked = value === filter;
    }
    const found = filter === "all" ? rows : rows.filter((row) => kind(row) === filter);
    const pages = Math.max(1, Math.ceil(found.length / PAGE)), at = Math.min(pages, Math.max(1, Math.floor(page.value) || 1));
    if (document.activeElement !== page) page.value = at;
    page.max = pages;
    by("pages").textContent = `of ${count(pages)}`;
    by("pager").hidden = pages === 1;
    by("previous").disabled = at === 1;
    by("next").disabled = at === pages;
    by("results").dataset.mode = mode;
    draw(found.slice((at - 1) * PAGE, at * PAGE));
  }

  // Rows that are there already and say the same stay, so that what somebody reads or has selected does not jump.
  function draw(wanted) {
    const old = shown;
    shown = wanted.map((row, i) => {
      const same = old[i]?.row === row && old[i].kind === kind(row);
      return same ? old[i] : { row, kind: kind(row), node: resultRow(row) };
    });
    shown.forEach((one, i) => {
      if (i >= old.length) by("rows").append(one.node);
      else if (one !== old[i]) old[i].node.replaceWith(one.node);
    });
    for (const { node } of old.slice(shown.length)) node.remove();
  }

  const kinds = Object.keys(KINDS).map((value) => {
    const input = make("input", { type: "radio", name: "kind", value });
    const label = make("label", {}, input, make("span"));
    by("kinds").append(label);
    return { value, input, label };
  });

  function turn(to) {
    page.value = to;
    table();
  }

  // --- download

  function download(pieces, type, suffix) {
    const address = URL.createObjectURL(new Blob(pieces, { type }));
    make("a", { href: address, download: `${name}-screened.${suffix}` }).click();
    setTimeout(() => URL.revokeObjectURL(address), 60_000);
  }

  pasted.addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(takePasted, 250);
  });
  file.addEventListener("change", takeFile);
  column.addEventListener("change", takeColumn);
  header.addEventListener("change", () => (columns(column.value), takeColumn()));
  by("modes").addEventListener("change", () => (source ? takeColumn() : takePasted()));
  by("go").addEventListener("click", go);
  by("cancel").addEventListener("click", cancel);
  by("kinds").addEventListener("change", (event) => ((filter = event.target.value), turn(1)));
  by("previous").addEventListener("click", () => turn(Number(page.value) - 1));
  by("next").addEventListener("click", () => turn(Number(page.value) + 1));
  page.addEventListener("change", () => turn(page.value));
  by("csv").addEventListener("click", () => download(asCSV(rows), "text/csv;charset=utf-8", "csv"));
  by("jsonl").addEventListener("click", () => download(asLines(rows), "application/x-ndjson", "jsonl"));
  addEventListener("beforeunload", (event) => state === "running" && event.preventDefault());
  return {
    // Which parts the service has.
    parts(states) {
      const input = by("modes").querySelector("[value=rewrite]");
      input.disabled = ["off", "failed"].includes(states.rewrite);
      if (input.disabled && input.checked) by("modes").querySelector("[value=screen]").click();
    },
  };
}

function duration(seconds) {
  if (seconds < 90) return number(Math.ceil(seconds), "second");
  return seconds < 5400 ? number(Math.round(seconds / 60), "minute") : `${(seconds / 3600).toFixed(1)} hours`;
}
