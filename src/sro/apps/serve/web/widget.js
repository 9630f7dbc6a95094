// Edit before you post: <sro-widget for="ID OF A TEXTAREA"> screens the text while somebody writes, shows the words, and
// offers another wording (docs/how-to/widget.md). It never acts by itself: whatever the server does, people post as before.

// What it says; for another language import it and assign.
export const TEXTS = {
  label: "Check of your comment", idle: "Your comment is checked while you write.",
  passes: "Nothing to object to.", unread: "Not checked: this language is not read here.",
  fails: (what) => `This may come across as ${what}`,
  toxic: "hurtful",
  kinds: { INSULT: "an insult", PROFANITY: "swearing", THREAT: "a threat", IDENTITY_ATTACK: "an attack on a group" },
  and: " and ", more: (n) => ` and ${n} more`,
  word: (word) => `Select in your comment: ${word}`,
  looking: "Looking for another wording …", offer: "You could say:",
  none: "No other wording was found. You could change it yourself.",
  late: "Another wording could not be looked for just now.",
  taken: "Your comment was replaced.",
  long: "Too long to be checked. You can post it all the same.",
  away: "Not checked: the check does not answer. You can post all the same.",
  suggest: "Suggest another wording", take: "Use this wording", keep: "Keep mine", undo: "Undo", // on the buttons
};

const WAIT = 400; // milliseconds without a keystroke until a comment is screened
const SETTLED = 800; // more of them until another wording is looked for, which costs the server more
const PATIENCE = { "v1/screen": 8000, "v1/rewrite": 30000 }; // milliseconds for an answer
const LONGEST_PAUSE = 60; // seconds until a server that is away is asked again
const TRIES = 6; // in a row without a keystroke
const QUIET = 600; // milliseconds before a screen reader is told
const MOST_WORDS = 5, LONGEST_WORD = 40;
const BUTTONS = ["suggest", "take", "keep", "undo"];

const STYLE = new CSSStyleSheet();
STYLE.replaceSync(`:host { display: block; position: relative; box-sizing: border-box; block-size: var(--sro-height, 10rem); line-height: 1.45; --new: var(--sro-new, light-dark(#005a8e, #8cc6f0)); --blamed: var(--sro-blamed, light-dark(#a84300, #f3a273)); }
[hidden], :host([hidden]) { display: none !important; }
.box { display: flex; flex-direction: column; gap: .4rem; block-size: 100%; }
.read { flex: 1; min-block-size: 0; overflow: hidden auto; overflow-wrap: anywhere; padding: .2rem .3rem; }
p { margin: 0 0 .3rem; }
.new { white-space: pre-wrap; unicode-bidi: plaintext; border-inline-start: 3px solid var(--new); padding-inline-start: .6rem; }
ins { font-weight: 600; text-decoration: underline 2px var(--new); text-underline-offset: .2em; }
.buttons { display: flex; flex-wrap: wrap; gap: .5rem; padding: .2rem .3rem; min-block-size: 2.25rem; }
button { font: inherit; color: inherit; cursor: pointer; padding: .2rem .8rem; border-radius: 4px; background: none; border: 1px solid color-mix(in srgb, currentColor 65%, transparent); }
button:hover, .take { background: color-mix(in srgb, currentColor 12%, transparent); }
.status button { max-inline-size: 100%; margin-inline-start: .35em; padding: .1rem .45rem; text-underline-offset: .2em; text-decoration: underline wavy var(--blamed) 1px; text-decoration-skip-ink: none; }
:focus-visible { outline: 2px solid; outline-offset: -2px; }
button:focus-visible { outline-offset: 1px; }
.live { position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%); }
@media (max-width: 40rem) { :host { block-size: var(--sro-height, 14rem); } .buttons { min-block-size: 2.75rem; } }`);

function make(name, properties, ...children) {
  const node = Object.assign(document.createElement(name), properties);
  return node.append(...children), node;
}

// What the server blames, each word once, the weightiest first. It counts code points.
function blamed(text, spans = []) {
  const points = [...text], found = new Map();
  for (const { start, end } of [...spans].sort((one, other) => other.score - one.score)) {
    const word = points.slice(start, end).join("").trim(), key = word.toLowerCase();
    if (word && !found.has(key)) found.set(key, word.slice(0, LONGEST_WORD));
  }
  return [...found.values()];
}

// What a failing comment may come across as: the two highest attributes from one half on, else hurtful.
function kindsOf(attributes = {}) {
  const high = Object.entries(attributes).filter(([name, score]) => score >= 0.5 && TEXTS.kinds[name]);
  return high.sort((one, other) => other[1] - one[1]).slice(0, 2).map(([name]) => TEXTS.kinds[name]).join(TEXTS.and) || TEXTS.toxic;
}

// The new text as nodes, with <ins> around words that are not in its longest common subsequence with the old one.
function compared(before, after) {
  const cut = (text) => text.match(/\s*(?:[\p{L}\p{M}\p{N}_'’*@-]+|\S|$)/gu).filter(Boolean);
  const a = cut(before).map((word) => word.trim()), parts = cut(after), b = parts.map((word) => word.trim());
  if (a.length * b.length > 1e6) return [after];
  const longest = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1)), nodes = [];
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      longest[i][j] = a[i] === b[j] ? longest[i + 1][j + 1] + 1 : Math.max(longest[i + 1][j], longest[i][j + 1]);
  for (let i = 0, j = 0; j < b.length; )
    if (a[i] === b[j]) nodes.push(parts[j++]), i++;
    else if (i < a.length && longest[i + 1][j] >= longest[i][j + 1]) i++;
    else nodes.push(parts[j].slice(0, -b[j].length || undefined), make("ins", {}, b[j++]));
  return nodes;
}

export class SroWidget extends HTMLElement {
  static observedAttributes = ["for", "service", "key"];
  #listening = new AbortController();
  #asking = new AbortController();
  #field; // the platform's, and
  #text = ""; // what it said when it was looked at last
  #state = "idle"; // or passes, fails, unread, long, away
  #words = []; // that the last verdict blames, and
  #what = ""; // for what
  #note = ""; // about another wording
  #offer; // {source, suggestion}, and
  #taken; // one that was taken
  #kept; // the text whose offer was declined
  #failures = 0; // in a row
  #pause = 0; // until then a server that was away is left alone
  #off; // with these settings nobody answers
  #screensOnly; // nor rewrites
  #timer; // to the next request
  #saying; // to screen readers
  #parts = {};

  constructor() {
    super();
    const parts = this.#parts, root = this.attachShadow({ mode: "open" });
    for (const name of ["status", "note", "new", "live"]) parts[name] = make("p", { className: name });
    for (const name of BUTTONS)
      parts[name] = make("button", { type: "button", className: name, onclick: () => this[name]() });
    parts.read = make("div", { className: "read", tabIndex: 0, role: "group" }, parts.status, parts.note, parts.new);
    const buttons = make("div", { className: "buttons" }, ...BUTTONS.map((name) => parts[name]));
    Object.assign(parts.live, { role: "status", ariaLive: "polite" });
    root.adoptedStyleSheets = [STYLE];
    root.append(make("div", { className: "box" }, parts.read, buttons), parts.live);
    root.addEventListener("keydown", (event) => event.key === "Escape" && this.keep());
  }

  connectedCallback() {
    this.#listening.abort();
    const id = this.getAttribute("for"), { signal } = (this.#listening = new AbortController());
    const field = (this.#field = this.getRootNode().getElementById?.(id) ?? document.getElementById(id));
    if (!field) console.warn(`sro-widget: no element has the id "${id}"\n  fix: for="ID OF A TEXTAREA"`);
    for (const name of ["input", "change", "focus", "blur", "compositionend"])
      field?.addEventListener(name, (event) => event.isComposing || this.refresh(), { signal });
    for (const name of ["submit", "reset"]) // the box may be emptied after these
      field?.form?.addEventListener(name, () => setTimeout(() => this.refresh()), { signal });
    [this.#text, this.#pause, this.#off, this.#screensOnly] = [undefined, 0, false, false];
    this.refresh();
  }

  disconnectedCallback() {
    this.#listening.abort();
    this.#stop();
    clearTimeout(this.#saying);
  }

  attributeChangedCallback() {
    if (this.isConnected) this.connectedCallback();
  }

  // Look at the box again.
  refresh() {
    const text = this.#field?.value ?? "";
    if (text === this.#text) return;
    this.#text = text;
    this.#stop();
    [this.#failures, this.#offer, this.#note] = [0, undefined, ""];
    if (text !== this.#taken?.suggestion) this.#taken = undefined;
    if (!text.trim()) this.#state = "idle";
    else if (!this.#off) this.#timer = setTimeout(() => this.#check(), Math.max(WAIT, this.#pause - Date.now()));
    this.#show();
  }

  suggest() {
    this.#field.focus();
    this.#look();
  }

  take() {
    const offer = this.#offer; // not for what has changed since
    if (this.#field.value === offer?.source) this.#write((this.#taken = offer).suggestion, "take", offer);
  }

  keep() {
    const offer = this.#offer;
    if (!offer) return;
    [this.#kept, this.#offer, this.#note] = [offer.source, undefined, ""];
    this.#field.focus();
    this.#show(), this.#tell("keep", offer);
  }

  undo() {
    this.#write((this.#kept = this.#taken.source), "undo", this.#taken);
  }

  // As if typed: then Ctrl+Z takes it back, and the platform's scripts hear of it.
  #write(value, name, offer) {
    const field = this.#field;
    field.focus();
    field.select();
    if (!document.execCommand("insertText", false, value) || field.value !== value) {
      // By the class's own setter: React hides it behind another.
      Reflect.set(Object.getPrototypeOf(field), "value", value, field);
      field.dispatchEvent(new Event("input", { bubbles: true }));
    }
    this.refresh();
    this.#tell(name, offer);
  }

  #select(word) {
    const field = this.#field, all = field.value.toLowerCase(), wanted = word.toLowerCase();
    const next = all.indexOf(wanted, field.selectionEnd), start = next < 0 ? all.indexOf(wanted) : next;
    field.focus();
    if (start >= 0) field.setSelectionRange(start, start + word.length);
  }

  #stop() {
    clearTimeout(this.#timer);
    this.#asking.abort();
    this.#asking = new AbortController();
  }

  async #ask(path, more) {
    const base = new URL(this.getAttribute("service") ?? new URL(".", import.meta.url), document.baseURI);
    const key = this.getAttribute("key"), answer = await fetch(new URL(path, base.href.replace(/\/?$/, "/")), {
      method: "POST",
      headers: { "Content-Type": "application/json", ...(key && { Authorization: `Bearer ${key}` }) },
      body: JSON.stringify({ texts: [this.#text], ...more }),
      signal: AbortSignal.any([this.#asking.signal, AbortSignal.timeout(PATIENCE[path])]),
      cache: "no-store",
    });
    if (answer.ok) return (await answer.json()).results[0];
    throw Object.assign(new Error(), { code: answer.status, wait: parseFloat(answer.headers.get("Retry-After")) });
  }

  async #check() {
    const { signal } = this.#asking, text = this.#text;
    try {
      const found = await this.#ask("v1/screen", { spans: true });
      const unread = found.language_supported === false, failed = !unread && found.label === "fail"; // else it is a guess
      if (signal.aborted) return;
      [this.#failures, this.#pause, this.#state] = [0, 0, unread ? "unread" : failed ? "fails" : "passes"];
      [this.#words, this.#what] = [blamed(text, found.spans), kindsOf(found.attributes)];
      this.#show();
      this.#tell("verdict", { text, ...found });
      if (failed && !this.#screensOnly && !this.#onClick) this.#timer = setTimeout(() => this.#look(), SETTLED);
    } catch (error) {
      if (!signal.aborted) this.#fail(error);
    }
  }

  // Whether another wording is looked for only when somebody wants it.
  get #onClick() {
    return this.getAttribute("suggest") === "click" || this.#text === this.#kept;
  }

  async #look() {
    const { signal } = this.#asking, source = this.#text;
    this.#note = TEXTS.looking;
    this.#show();
    try {
      const { status, text } = await this.#ask("v1/rewrite");
      if (signal.aborted) return;
      if (status === "rewritten") this.#offer = { source, suggestion: text };
      this.#note = { rewritten: TEXTS.offer, refused: TEXTS.none, unchanged: "" }[status] ?? TEXTS.late;
    } catch (error) {
      if (signal.aborted) return;
      this.#screensOnly = error.code === 404;
      this.#note = this.#screensOnly ? "" : TEXTS.late;
    }
    this.#show();
  }

  #fail({ code = 0, wait }) {
    this.#state = code === 400 || code === 413 ? "long" : "away";
    if (code < 400 || code >= 500 || code === 408 || code === 429) {
      const pause = 1000 * Math.min(LONGEST_PAUSE, wait || 2 ** this.#failures);
      this.#pause = Date.now() + pause;
      if (++this.#failures < TRIES) this.#timer = setTimeout(() => this.#check(), pause);
    } else if (this.#state === "away") {
      this.#off = true; // asking again would not help
      console.warn(`sro-widget: answered ${code}\n  fix: the attributes service and key; --cors and --keys of sro serve`);
    }
    this.#show();
  }

  #show() {
    const { status, note, read, take, keep, undo, suggest, live, new: text } = this.#parts, offer = this.#offer;
    const failed = this.#state === "fails", told = failed ? TEXTS.fails(this.#what) : TEXTS[this.#state];
    const shown = failed ? this.#words.slice(0, MOST_WORDS) : [], more = failed ? this.#words.length - shown.length : 0;
    const buttons = shown.map((word) =>
      make("button", { type: "button", ariaLabel: TEXTS.word(word), onclick: () => this.#select(word) }, make("bdi", {}, word)));
    const line = [told + (shown.length ? ":" : ""), ...buttons, more ? TEXTS.more(more) : ""];
    if (make("p", {}, ...line).textContent !== status.textContent) {
      if (status.contains(this.shadowRoot.activeElement)) read.focus();
      status.replaceChildren(...line);
    }
    note.textContent = this.#taken ? TEXTS.taken : failed ? this.#note : "";
    text.replaceChildren(...(offer ? compared(offer.source, offer.suggestion) : []));
    text.hidden = take.hidden = keep.hidden = !offer;
    undo.hidden = !this.#taken;
    suggest.hidden = !failed || this.#screensOnly || (this.#note ? this.#note !== TEXTS.late : !this.#onClick);
    for (const name of BUTTONS) this.#parts[name].textContent = TEXTS[name];
    read.ariaLabel = TEXTS.label;
    // Screen readers: once it is quiet; that nothing is wrong only where something was.
    const news = [failed ? `${told}: ${shown.join(", ")}.` : ["away", "unread"].includes(this.#state) || live.textContent ? told : ""];
    if (this.#note !== TEXTS.looking) news.push(note.textContent, offer?.suggestion ?? "");
    clearTimeout(this.#saying);
    const said = news.join(" ").trim(); // the same would be read again
    if (said !== live.textContent) this.#saying = setTimeout(() => (live.textContent = said), QUIET);
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(`sro-${name}`, { detail, bubbles: true, composed: true }));
  }
}

customElements.get("sro-widget") ?? customElements.define("sro-widget", SroWidget);
