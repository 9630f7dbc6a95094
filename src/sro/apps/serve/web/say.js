// What a screen reader says by itself: the last word on each matter, once the page has been still for a moment.
import { by } from "./text.js";

const STILL = 600; // milliseconds
const words = new Map();
let timer;

export function say(matter, text) {
  words.delete(matter);
  words.set(matter, text); // in the order in which they were said
  clearTimeout(timer);
  timer = setTimeout(() => {
    by("said").textContent = [...words.values()].join(" ");
    words.clear();
  }, STILL);
}
