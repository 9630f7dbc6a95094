// Many comments: pasted or from a file, worked through with pause and cancel, put into the queue, downloaded.
import { work } from "./batches.js";
import { asCSV, asLines } from "./download.js";
import { decoded, lines, notText, opened } from "./files.js";
import { queueView } from "./queue.js";
import { say } from "./say.js";
import { by, count, make, number } from "./text.js";

const OFTEN = 400; // milliseconds between looks at what is done
const LARGEST_FILE = 64 * 2 ** 20;
const JOBS = {
  rewrite: { path: "v1/rewrite", options: {}, first: 2, most: 16 },
  screen: { path: "v1/screen", options: {}, first: 16, most: 256 },
};
const LABELS = { ready: "Start", running: "Pause", paused: "Resume", ended: "Start again" };

export function sheetView() {
  const pasted = by("pasted"), file = by("file"), column = by("column"), header = by("header");
  let rows = [], source = null, name = "comments", state = "ready", mode = "rewrite", going = null;
  let finished = 0, before = 0, since = 0, milestone = 0, looking = null, decisions = 0, saved = true, most = Infinity;
  let typing = null;
  const queue = queueView({ decided });

  // --- what to work on

  function take(found, told, called) {
    rows = found;
    name = called;
    mode = by("modes").querySelector(":checked").value;
    by("source").textContent = rows.length ? told : "Nothing to work on yet.";
    queue.put(rows, mode);
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
      by("source").textContent = `${chosen.name} is larger than this page can hold (64 MiB). Choose a smaller part of it; whoever runs this server can do the whole with the command sro rewrite.`;
      return;
    }
    by("source").textContent = `Reading ${chosen.name} …`;
    try {
      const bytes = new Uint8Array(await chosen.arrayBuffer()), other = notText(chosen.name, bytes);
      if (other) {
        by("source").textContent = `${chosen.name} is ${other}, which this page cannot read. Save it as CSV, and choose that.`;
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
    by("input").disabled = busy || decisions > 0;
    by("cancel").disabled = !busy;
    by("go").textContent = LABELS[state];
    for (const id of ["results", "progress", "progress-told"]) by(id).hidden = !rows.length;
    if (state !== "running") by("trouble").textContent = "";
    look();
  }

  async function run() {
    // What cannot be read stays so, and so does what is decided.
    if (state === "ended") for (const row of rows) if (row.text !== null && !row.decision) row.result = row.error = row.spans = null;
    for (const row of rows) if (row.text !== null && !row.result) row.error ??= tooLong(row.text);
    if (state !== "paused") milestone = 0;
    by("what").open = false; // the sheet has the room
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

  // Asked of a server that is known to refuse it, a row would cost the others of its batch a second request.
  function tooLong(text) {
    const size = 3 * text.length > most ? new TextEncoder().encode(text).length : 0;
    return size > most ? `Too long for this server: ${count(size)} bytes of at most ${count(most)}. Shorten it with Edit, or in your file.` : null;
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
    queue.refresh();
  }

  // --- download

  // Decisions hang on these rows; before there are others, somebody has to say that they may go.
  function decided(n) {
    if (n === decisions) return;
    decisions = n;
    saved = !n;
    by("input").disabled = state === "running" || state === "paused" || n > 0;
    by("fresh").hidden = !n;
  }

  function fresh() {
    if (!confirm("Empty the sheet? What is decided here and not downloaded is lost.")) return;
    queue.hurry();
    pasted.value = "";
    takePasted();
    by("what").open = true;
    pasted.focus();
  }

  function download(pieces, type, suffix) {
    queue.hurry();
    saved = true;
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
  by("fresh").addEventListener("click", fresh);
  by("csv").addEventListener("click", () => download(asCSV(rows, source?.columns ?? []), "text/csv;charset=utf-8", "csv"));
  by("jsonl").addEventListener("click", () => download(asLines(rows), "application/x-ndjson", "jsonl"));
  addEventListener("beforeunload", (event) => (state === "running" || !saved) && event.preventDefault());
  return {
    // Which parts the service has.
    parts(states, bytes) {
      most = bytes ?? Infinity;
      queue.parts(states);
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
