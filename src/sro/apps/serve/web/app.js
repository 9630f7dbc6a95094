// The page: two views, the parts that the server has, and the key, if it wants one.
import { ask, offers, useKey } from "./api.js";
import { commentView } from "./comment.js";
import { sheetView } from "./sheet.js";
import { by } from "./text.js";

const SOON = 1000, LATER = 5000; // milliseconds until the server is asked again: while it loads; when it did not answer
const one = commentView(), many = sheetView();
const WORDS = { ready: "ready", loading: "loading", failed: "could not be loaded", off: "off" };
const NOTES = {
  loading: "Rewriting is still loading; until it is ready, suggestions wait.",
  failed: "There are no suggestions, because rewriting could not be loaded:",
  off: "This server checks comments only; it makes no suggestions.",
};
let asking;

async function look() {
  clearTimeout(asking);
  try {
    const { parts: states, reasons, max_text } = await offers();
    by("state").textContent = `Checking: ${WORDS[states.screen]} · rewriting: ${WORDS[states.rewrite]} · feedback: ${WORDS[states.feedback]}`;
    by("loading").textContent = [NOTES[states.rewrite], reasons?.rewrite].filter(Boolean).join(" ");
    by("loading").hidden = !NOTES[states.rewrite];
    one.parts(states, max_text);
    many.parts(states, max_text);
    if (Object.values(states).includes("loading")) asking = setTimeout(look, SOON);
  } catch (error) {
    by("state").textContent = error.message;
    asking = setTimeout(look, LATER);
  }
}

function view() {
  const name = location.hash === "#many" ? "many" : "one";
  for (const section of [by("one"), by("many")]) section.hidden = section.id !== name;
  for (const link of document.querySelectorAll("nav a"))
    if (link.hash === `#${name}`) link.ariaCurrent = "page";
    else link.removeAttribute("aria-current");
}

async function takeKey() {
  const told = by("key-told");
  if (!useKey(by("key").value.trim())) {
    told.textContent = "No key looks like this: it has letters, digits and signs of ASCII, and no space.";
    return;
  }
  told.textContent = "Trying it …";
  try {
    await ask("v1/screen", { texts: ["hello"] });
    told.textContent = "It works.";
  } catch (error) {
    told.textContent = error.code === 401 ? "This server does not know this key." : error.message;
  }
  look();
  one.again();
}

by("use-key").addEventListener("click", takeKey);
by("key").addEventListener("keydown", (event) => event.key === "Enter" && takeKey());
addEventListener("keyless", () => Object.assign(by("access"), { hidden: false, open: true }));
addEventListener("hashchange", () => {
  view();
  scrollTo(0, 0);
  by(`${location.hash === "#many" ? "many" : "one"}-title`).focus({ preventScroll: true });
});
view();
look();
