// Hypotheses against what was said and claimed: would one expect the item if the hypothesis were true?

import { button, fill, h, link, name } from "./dom.js";
import { newKey } from "./editing.js";
import { rowForm } from "./rowform.js";

const SIGNS = { consistent: "+", inconsistent: "−", neutral: "·" };
const READINGS = [
  ["consistent", "+ consistent: one would expect it"],
  ["inconsistent", "− inconsistent: one would not"],
  ["neutral", "· says nothing either way"],
];

export function buildMatrix({ store, editing }, root) {
  let open = "";

  function draw(shown) {
    const { model, data, who } = shown;
    const again = () => draw(store.get());
    const toggle = (id) => () => ((open = open === id ? "" : id), again());
    const { hypotheses, matrix } = model;
    const edit = !data.read_only;
    fill(
      root,
      matrix && h("p", { class: "says", dir: "auto" }, matrix.text),
      matrix && h("p", { class: "small muted", dir: "auto" }, matrix.confidence),
      matrix &&
        matrix.rows.length > 0 &&
        h(
          "div",
          { class: "scroll", tabindex: "0", role: "region", "aria-label": "Hypotheses matrix" },
          table(model, open, toggle, editing, edit, who, again),
        ),
      h(
        "div",
        { class: "line" },
        h("h3", {}, "The hypotheses"),
        edit && button("Add one", toggle("new"), { class: "btn small", data: { keep: "add hypothesis" } }),
      ),
      open === "new" && hypothesisForm(editing, { id: newKey("h"), version: null }, who, toggle("")),
      h(
        "ol",
        { class: "hypotheses" },
        hypotheses.map((one, n) =>
          h(
            "li",
            {},
            h(
              "p",
              {},
              h("b", {}, `H${n + 1} `),
              name(one.title, { class: "b" }),
              edit &&
                button("Edit", toggle(`h ${one.id}`), {
                  class: "plainlink edit",
                  "aria-label": `Edit H${n + 1}`,
                  "aria-expanded": String(open === `h ${one.id}`),
                  data: { keep: `h ${one.id}` },
                }),
            ),
            h("p", { class: "small muted", dir: "auto" }, one.explanation),
            open === `h ${one.id}` && hypothesisForm(editing, one, who, toggle(`h ${one.id}`)),
          ),
        ),
      ),
      !hypotheses.length && h("p", { class: "muted" }, "No hypotheses yet."),
    );
  }
  return draw;
}

function hypothesisForm(editing, one, who, close) {
  const fields = [
    { name: "title", label: "The explanation in a few words" },
    { name: "explanation", label: "What it would mean", kind: "long" },
  ];
  return rowForm(editing, {
    table: "hypotheses",
    key: one.id,
    base: one.version,
    cells: { title: one.title ?? "", explanation: one.explanation ?? "" },
    extra: one.version === null ? { author: who } : {},
    fields,
    what: `hypothesis ${one.title ?? ""}`.trim(),
    close,
  });
}

function table(model, open, toggle, editing, edit, who, again) {
  const { hypotheses, matrix } = model;
  const head = h(
    "tr",
    {},
    h("th", { scope: "col" }, "Item"),
    hypotheses.map((one, n) =>
      h("th", { scope: "col", class: matrix.least.includes(one.id) ? "c least" : "c", title: one.title }, `H${n + 1}`),
    ),
  );
  const rows = matrix.rows.flatMap((item) => {
    const cells = hypotheses.map((one, n) => {
      const reading = item.readings[one.id] ?? "";
      const id = `${item.item}|${one.id}`;
      const said = `${item.label}; H${n + 1}: ${reading || "not judged"}`;
      return h(
        "td",
        { class: `c ${reading} ${matrix.least.includes(one.id) ? "least" : ""}` },
        button(SIGNS[reading] ?? "○", toggle(id), {
          class: "cell",
          "aria-label": said,
          title: item.why[one.id] ?? "",
          "aria-expanded": String(open === id),
          disabled: !edit,
          data: { keep: id },
        }),
      );
    });
    const opened = hypotheses.find((one) => open === `${item.item}|${one.id}`);
    return [
      h("tr", {}, h("th", { scope: "row" }, name(item.label)), cells),
      opened &&
        h(
          "tr",
          {},
          h(
            "td",
            { colspan: hypotheses.length + 1 },
            readingForm(model, item, opened, editing, who, () => (toggle(open)(), again())),
          ),
        ),
    ].filter(Boolean);
  });
  const foot = h(
    "tr",
    {},
    h("th", { scope: "row" }, "Weighed inconsistency"),
    hypotheses.map((one) =>
      h(
        "td",
        { class: matrix.least.includes(one.id) ? "c small least" : "c small" },
        (matrix.inconsistency[one.id] ?? 0).toFixed(1),
      ),
    ),
  );
  return h("table", { class: "matrix" }, h("thead", {}, head), h("tbody", {}, rows), h("tfoot", {}, foot));
}

function readingForm(model, item, hypothesis, editing, who, close) {
  const held = model.readings.find((one) => one.item === item.item && one.hypothesis === hypothesis.id);
  const fields = [
    { name: "reading", label: `Would one expect it if “${hypothesis.title}” were true?`, kind: "choice", options: READINGS },
    { name: "why", label: "Because", kind: "long" },
  ];
  const extra = held ? { author: who || held.author } : { hypothesis_id: hypothesis.id, item: item.item, author: who };
  const sources = item.sources
    .map((id) => model.sourceById.get(id))
    .filter(Boolean)
    .slice(0, 6);
  return h(
    "div",
    {},
    h(
      "p",
      { class: "small muted" },
      sources.map((one, n) => [n ? ", " : "", link(one.url, name(one.publisher || one.id))]),
    ),
    rowForm(editing, {
      table: "readings",
      key: held?.id ?? newKey("reading"),
      base: held?.version ?? null,
      cells: { reading: held?.reading ?? "neutral", why: held?.why ?? "" },
      extra,
      fields,
      what: `reading of ${item.label}`,
      close,
    }),
  );
}
