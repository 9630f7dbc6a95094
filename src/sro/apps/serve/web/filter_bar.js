// The controls that say which rows of the sheet are shown.
import { ATTRIBUTES } from "./field.js";
import { kind } from "./files.js";
import { ALL, attributesOf } from "./filters.js";
import { by, count, make } from "./text.js";

const KINDS = {
  all: "all", fails: "fails", refused: "no rewrite", rewritten: "rewritten", unchanged: "passes", passes: "passes",
  empty: "empty", error: "error", waiting: "waiting",
};

export function filterBar({ changed }) {
  const form = by("filters"), attribute = by("attribute");
  const kinds = Object.keys(KINDS).map((value) => {
    const input = make("input", { type: "radio", name: "kind", value });
    const label = make("label", {}, input, make("span"));
    by("kinds").append(label);
    return { value, input, label };
  });
  const score = (id, other) => (Number.isFinite(by(id).valueAsNumber) ? by(id).valueAsNumber : other);

  form.addEventListener("change", changed);
  form.addEventListener("submit", (event) => event.preventDefault());
  return {
    read: () => ({
      kind: kinds.find(({ input }) => input.checked)?.value ?? ALL.kind, decision: by("decision").value,
      attribute: attribute.value, from: score("from", ALL.from), to: score("to", ALL.to), order: by("order").value,
    }),
    reset: () => form.reset(),
    // How many rows there are of each kind, and which attributes they have.
    show(rows, filter) {
      const counts = new Map([["all", rows.length]]);
      for (const row of rows) counts.set(kind(row), (counts.get(kind(row)) ?? 0) + 1);
      for (const { value, input, label } of kinds) {
        label.hidden = !counts.has(value) && value !== filter.kind;
        label.lastChild.textContent = `${KINDS[value]} ${count(counts.get(value) ?? 0)}`;
        input.checked = value === filter.kind;
      }
      const names = attributesOf(rows);
      by("of-attribute").hidden = !names.length;
      if (attribute.options.length === names.length + 1) return;
      attribute.replaceChildren(new Option("the whole comment", ""), ...names.map((name) => new Option(ATTRIBUTES[name] ?? name, name)));
      attribute.value = filter.attribute;
    },
  };
}
