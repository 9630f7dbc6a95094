// What a moderator decides about rows, and its way into the server's feedback.
//
// A decision is about the text that a row proposes: its rewrite, or the comment itself where there is none. A row has
// `decision` ("accepted", "edited", "refused" or null), `final` (the text of an edit) and `stored` (null, "waits",
// "stored").
import { ask, withRetries, randomId } from "./api.js";
import { kind } from "./files.js";

const GRACE = 5000; // milliseconds in which a decision can be taken back before it is sent
const AT_ONCE = 4; // requests; the server writes those that come together in one go

export const rewriteOf = ({ result }) => (result?.status === "rewritten" ? result.text : null);
export const proposed = (row) => rewriteOf(row) ?? row.text;
export const decidable = (row) => row.text !== null && !row.empty && Boolean(row.result || row.error);
// A verdict on a language that the screener does not read is a guess: nobody accepts by it.
export const proposalPasses = (row) => ["rewritten", "unchanged", "passes"].includes(kind(row)) && row.result.language_supported !== false;

// The text that may be posted; null where nothing is decided, or nothing may.
export function finalOf(row) {
  if (row.decision === "edited") return row.final;
  return row.decision === "accepted" ? proposed(row) : null;
}

export function decide(row, decision, final = null) {
  Object.assign(row, { decision, final, verdict: null });
}

// Sends decisions on rewrites to the feedback, each once its time for second thoughts is over. `changed` is called with
// a row whose `stored` is another now, `trouble` with why sending has stopped, or "" once it goes on.
export function outbox({ changed, trouble }) {
  const waiting = new Map(); // row: when it may go
  const stored = new WeakMap(); // row: the decision that the server has
  const ids = new WeakMap(); // row: its suggestion, and the id of what is decided about that: the last decision holds
  const sending = new Set(); // rows, each once, so that the last decision comes last
  let timer = null, open = false, stuck = false;

  const same = (row) => JSON.stringify([row.decision, row.final]);
  const tell = (row, state) => ((row.stored = state), changed(row));

  function put(row) {
    waiting.delete(row);
    const known = !sending.has(row) && stored.has(row) && stored.get(row) === same(row);
    if (open && row.decision && rewriteOf(row) !== null && !known) waiting.set(row, performance.now() + GRACE);
    row.stored = known ? "stored" : waiting.has(row) ? "waits" : null;
    pump();
  }

  function pump() {
    clearTimeout(timer);
    const now = performance.now();
    for (const [row, due] of waiting) {
      if (stuck || sending.size >= AT_ONCE) return;
      if (sending.has(row)) continue;
      if (due > now) return void (timer = setTimeout(pump, due - now)); // they wait in the order in which they came
      waiting.delete(row);
      send(row);
    }
  }

  function idOf(row) {
    const suggestion = rewriteOf(row);
    if (ids.get(row)?.suggestion !== suggestion) ids.set(row, { suggestion, id: randomId() });
    return ids.get(row).id;
  }

  async function send(row) {
    const sent = same(row), action = row.decision === "edited" && row.final === row.text ? "refused" : row.decision;
    const body = { id: idOf(row), source: row.text, suggestion: rewriteOf(row), action };
    if (action === "edited") body.final = row.final;
    sending.add(row);
    try { // what comes again with the same id is stored once
      await withRetries(() => ask("v1/feedback", body), { waiting: () => {}, tries: 6 });
      stored.set(row, sent);
      if (same(row) === sent) tell(row, "stored");
    } catch (error) {
      if (same(row) === sent) waiting.set(row, 0);
      stuck = true;
      trouble(error.message);
    }
    sending.delete(row);
    pump();
  }

  return {
    put,
    // Whether the server takes feedback.
    open: (yes) => (open = yes),
    // Whether decisions wait that the server does not have.
    get size() {
      return waiting.size + sending.size;
    },
    // Send what waits now, after trouble too.
    hurry() {
      for (const row of waiting.keys()) waiting.set(row, 0);
      stuck = false;
      trouble("");
      pump();
    },
  };
}
