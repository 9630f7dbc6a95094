// The service's calls. What goes wrong comes out as a `Refused`, in plain words.

const PLAIN = {
  0: "The server does not answer.",
  400: "The server cannot take this:",
  401: "This server needs an API key; give it at the foot of the page.",
  403: "The server refuses to answer here:",
  404: "The server does not offer this:",
  408: "The text came too slowly; the connection may be weak.",
  413: "This is too long for the server:",
  429: "The server is busy:",
  502: "The server does not answer.",
  503: "The server is not ready for this:",
  504: "The server does not answer.",
};
const WRONG_KEY = "This server does not know the API key given at the foot of the page.";
const RETRYABLE_STATUSES = [0, 408, 429, 502, 503, 504]; // worth another try

export class Refused extends Error {
  // code: HTTP status, 0 for no answer; wait: seconds after which the server wants to be asked again, if it said so.
  constructor(code, message = "", wait = null) {
    const plain = code === 401 && key ? WRONG_KEY : (PLAIN[code] ?? "The server failed:");
    super(plain.endsWith(".") ? plain : `${plain} ${message || "it does not say why"}`.replace(/[^.!?]$/, "$&."));
    Object.assign(this, { code, wait, retryable: RETRYABLE_STATUSES.includes(code) });
  }
}

let key = ""; // in memory only: it is gone when the page is

export function useKey(value) {
  if (!/^[\x21-\x7e]*$/.test(value)) return false; // a header cannot carry it
  key = value;
  return true;
}

async function request(path, body, signal) {
  const headers = { ...(body && { "Content-Type": "application/json" }), ...(key && { Authorization: `Bearer ${key}` }) };
  const options = { method: body ? "POST" : "GET", headers, body: body && JSON.stringify(body), signal };
  try {
    return await fetch(path, { ...options, cache: "no-store", credentials: "same-origin" });
  } catch (error) {
    throw signal?.aborted ? error : new Refused(0);
  }
}

async function refusal(answer) {
  if (answer.status === 401) dispatchEvent(new Event("keyless"));
  const { error } = await answer.json().catch(() => ({}));
  const wait = parseFloat(answer.headers.get("Retry-After"));
  return new Refused(answer.status, error?.message, wait >= 0 ? wait : null);
}

// The answer as JSON.
export async function ask(path, body, signal) {
  const answer = await request(path, body, signal);
  if (!answer.ok) throw await refusal(answer);
  try {
    return await answer.json();
  } catch (error) {
    throw signal?.aborted ? error : new Refused(0);
  }
}

function parsed(line) {
  try {
    return JSON.parse(line);
  } catch {
    throw new Refused(502);
  }
}

// The results, one by one, as they come.
export async function* stream(path, body, signal) {
  const answer = await request(path, { ...body, stream: true }, signal);
  if (!answer.ok) throw await refusal(answer);
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    let piece;
    try {
      piece = await reader.read();
    } catch (error) {
      throw signal?.aborted ? error : new Refused(0);
    }
    if (piece.done) return;
    const lines = (rest + piece.value).split("\n");
    rest = lines.pop();
    for (const line of lines.filter(Boolean)) {
      const found = parsed(line);
      if (found.error) throw new Refused(found.error.code, found.error.message);
      yield found;
    }
  }
}

// What the server offers: {parts: {screen, rewrite, feedback}, each "ready", "loading", "failed" or "off"; reasons: by
// part that failed; max_text: bytes of a comment}.
export async function offers() {
  const answer = await request("readyz");
  const told = await answer.json().catch(() => null);
  if (!told?.parts) throw new Refused(answer.status, told?.error?.message);
  return told;
}

export function pause(seconds, signal) {
  return new Promise((resolve, reject) => {
    const stop = () => (clearTimeout(timer), reject(signal.reason));
    const timer = setTimeout(() => (signal?.removeEventListener("abort", stop), resolve()), 1000 * seconds);
    if (signal?.aborted) stop();
    signal?.addEventListener("abort", stop, { once: true });
  });
}

// Seconds to wait before try number `tried` + 1.
export const retryDelay = (error, tried) => error.wait ?? Math.min(30, 2 ** tried);

// Call until it is answered; what passes is tried again up to `tries` times, and `waiting` is told of each wait.
export async function withRetries(call, { signal, waiting, tries = Infinity }) {
  for (let tried = 1; ; tried++) {
    try {
      return await call();
    } catch (error) {
      if (!error.retryable || tried >= tries) throw error;
      const seconds = retryDelay(error, tried);
      waiting(error, seconds);
      await pause(seconds, signal);
    }
  }
}

// For what is to be stored once, however often it is sent. crypto.randomUUID is missing where the page does not come by https.
export const randomId = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
