// The page: two views, the parts that the server has, and the key, if it wants one.
import { parts, useKey } from "./api.js";
import { commentView } from "./comment.js";
import { sheetView } from "./sheet.js";
import { by } from "./text.js";

const SOON = 1000, LATER = 5000; // milliseconds until the server is asked again: while it loads; when it did not answer
const one = commentView(), many = sheetView();
const WORDS = { ready: "ready", loading: "loading", failed: "could not be loaded", off: "off" };
const NOTES = {
  loading: "The leader is still loading; until it has, suggestions wait.",
  failed: "Suggestions are off: the leader could not be loaded. The server’s log says why.",
  off: "This server screens only; it makes no suggestions.",
};
let asking;

async function look() {
  clearTimeout(asking);
  try {
    const states = await parts();
    by("state").textContent = `Screening: ${WORDS[states.screen]} · rewriting: ${WORDS[states.rewrite]} · feedback: ${WORDS[states.feedback]}`;
    by("loading").textContent = NOTES[states.rewrite] ?? "";
    by("loading").hidden = !NOTES[states.rewrite];
    one.parts(states);
    many.parts(states);
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

function takeKey() {
  const fits = useKey(by("key").value.trim());
  by("key-told").textContent = fits ? "In use." : "No key looks like this: it has letters, digits and signs of ASCII, and no space.";
  if (!fits) return;
  look();
  one.again();
}

by("use-key").addEventListener("click", takeKey);
by("key").addEventListener("keydown", (event) => event.key === "Enter" && takeKey());
addEventListener("keyless", () => (by("access").open = true));
addEventListener("hashchange", () => {
  view();
  scrollTo(0, 0);
  by(`${location.hash === "#many" ? "many" : "one"}-title`).focus({ preventScroll: true });
});
view();
look();
