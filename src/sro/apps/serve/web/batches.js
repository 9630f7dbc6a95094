// Many comments through the service, batch by batch, one at a time: the service gathers what it can do together.
import { Refused, retryDelay, pause, stream } from "./api.js";

const LARGEST = 200_000; // characters of a batch
const TRIES = 6; // without any answer; then somebody should look
const OF_NO_ROW = [401, 403, 404]; // no batch would be answered
const TOO_MUCH = [408, 503, 504]; // fewer at a time may be done in time

// Give every row that waits a result or an error. `job`: {path, options, first: rows of the
// first batch, most: of any}. `done` is called after
// every row, `waiting` with what went wrong and the seconds until the next try. Raises what ends it: `signal`'s reason, or Refused.
export async function work(rows, { path, options, first, most }, signal, { done, waiting }) {
  let size = first, failures = 0; // a small batch first, so that something is soon to be seen
  for (let at = 0; ; ) {
    while (at < rows.length && settled(rows[at])) at++;
    const batch = taken(rows, at, size);
    if (!batch.length) return;
    let answered = 0;
    try {
      for await (const result of stream(path, { ...options, texts: batch.map(({ text }) => text) }, signal)) {
        signal.throwIfAborted();
        if (answered < batch.length) batch[answered++].result = result;
        done();
      }
      if (!answered) throw new Refused(502);
      size = Math.min(most, 2 * size);
      failures = 0;
    } catch (error) {
      if (signal.aborted || !(error instanceof Refused) || OF_NO_ROW.includes(error.code)) throw error;
      failures = answered ? 1 : failures + 1;
      if (error.retryable) {
        if (failures >= TRIES) throw error;
        if (TOO_MUCH.includes(error.code)) size = Math.ceil(size / 2);
        const seconds = retryDelay(error, failures);
        waiting(error, seconds);
        await pause(seconds, signal);
      } else {
        if (batch.length - answered === 1) batch[answered].error = error.message.replace(/texts\.\d+: /, ""), done();
        else size = Math.ceil((batch.length - answered) / 2); // one of them is at fault: smaller batches find it
        failures = 0;
      }
    }
  }
}

const settled = ({ result, error, empty }) => result || error || empty;

// The next rows that wait, from `at` on: as many as go into one request, but one at least.
function taken(rows, at, size) {
  const batch = [];
  for (let i = at, length = 0; i < rows.length && batch.length < size; i++) {
    if (settled(rows[i])) continue;
    length += rows[i].text.length;
    if (batch.length && length > LARGEST) break;
    batch.push(rows[i]);
  }
  return batch;
}
