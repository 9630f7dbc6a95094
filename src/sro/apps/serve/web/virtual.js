// Thousands of rows in a box that scrolls, of which only those that can be seen are in the page: above and below them
// stands empty space of the height that the others have, or are taken to have until they were seen.

const MARGIN = 500; // pixels drawn beyond what can be seen
const GUESS = 90; // pixels of a row that was never seen

// `space`: elements whose height stands for the rows above and below. `draw(row)` makes a row's node, and again when
// `state(row)`, a list, is another; `mark(drawn)` is told what is in the page, a Map of nodes by row, in order, before
// heights are looked at.
export function virtualRows({ box, head, body, space, state, draw, mark }) {
  const seen = new WeakMap(); // heights by row
  let list = [], tops = new Float64Array(1), drawn = new Map(), states = new Map(), width = 0;

  function place() {
    tops = new Float64Array(list.length + 1);
    for (let i = 0; i < list.length; i++) tops[i + 1] = tops[i] + (seen.get(list[i]) ?? GUESS);
  }

  // The row in which so many pixels from the top lie.
  function rowAt(pixels) {
    let low = 0, high = list.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (tops[middle + 1] > pixels) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  // A node that stays is not moved, so that what somebody writes or has selected in it stays too.
  function fill(first, last) {
    const wanted = new Map();
    for (const row of list.slice(first, last)) {
      const now = state(row), same = drawn.has(row) && states.get(row).every((value, i) => value === now[i]);
      wanted.set(row, same ? drawn.get(row) : draw(row));
      states.set(row, now);
    }
    for (const [row, node] of drawn) {
      if (wanted.get(row) === node) continue;
      node.remove();
      if (!wanted.has(row)) states.delete(row);
    }
    let at = body.firstChild;
    for (const node of wanted.values()) {
      if (node === at) at = at.nextSibling;
      else body.insertBefore(node, at);
    }
    drawn = wanted;
    [...drawn.values()].forEach((node, i) => node.setAttribute("aria-rowindex", first + i + 2)); // the first row names the columns
    space[0].style.height = `${tops[first]}px`;
    space[1].style.height = `${tops[list.length] - tops[last]}px`;
  }

  // Learn the heights of what is in the page; whether one is another than was thought.
  function measure() {
    let other = false;
    for (const [row, node] of drawn) {
      const height = node.getBoundingClientRect().height;
      if (Math.abs(height - (seen.get(row) ?? GUESS)) < 0.5) continue;
      seen.set(row, height);
      other = true;
    }
    return other;
  }

  function render() {
    if (!box.clientHeight) return; // what is not shown has no heights
    for (let tries = 0; tries < 4; tries++) {
      const top = box.scrollTop, anchor = rowAt(top), within = top - tops[anchor];
      const first = rowAt(top - MARGIN), last = list.length ? rowAt(top + box.clientHeight + MARGIN) + 1 : 0;
      fill(first, last);
      mark(drawn);
      if (!measure()) break;
      place();
      space[0].style.height = `${tops[first]}px`;
      space[1].style.height = `${tops[list.length] - tops[last]}px`;
      const wanted = tops[anchor] + within;
      if (Math.abs(box.scrollTop - wanted) > 1) box.scrollTop = wanted; // what is read stays where it is
    }
  }

  box.addEventListener("scroll", render, { passive: true });
  new ResizeObserver(() => {
    if (box.clientWidth === width) return render();
    width = box.clientWidth;
    for (const row of list) seen.delete(row); // every text is broken into other lines now
    place();
    render();
  }).observe(box);

  return {
    put(rows) {
      list = rows;
      place();
      render();
    },
    render,
    // The rows that are in the page, in order, and the one of a node.
    get seen() {
      return [...drawn.keys()];
    },
    rowOf: (node) => [...drawn].find(([, one]) => one === node)?.[0] ?? null,
    // Scroll as little as shows the whole row.
    reveal(index) {
      for (let tries = 0; tries < 3; tries++) {
        const above = head.offsetHeight, room = box.clientHeight - above;
        if (tops[index] < box.scrollTop) box.scrollTop = tops[index];
        else if (tops[index + 1] > box.scrollTop + room) box.scrollTop = Math.min(tops[index], tops[index + 1] - room);
        render(); // heights that are known now may be others
      }
    },
    // The first row that can be seen as a whole.
    get first() {
      const index = rowAt(box.scrollTop);
      return Math.min(list.length - 1, tops[index] < box.scrollTop - 1 ? index + 1 : index);
    },
  };
}
