// Hypotheses against what was said and claimed: would one expect the item if the hypothesis were true?

import { button, fill, h, keepFocus, link, name } from "./dom.js";
import { newKey } from "./editing.js";
import { opener, openForms, rowForm } from "./rowform.js";

const SIGNS = { consistent: "+", inconsistent: "−", neutral: "·" };
export const READINGS = [
  ["consistent", "+ consistent: one would expect it"],
  ["inconsistent", "− inconsistent: one would not"],
  ["neutral", "· says nothing either way"],
];

export function buildMatrix(page, root) {
  const { store, editing } = page;
  const again = () => keepFocus(root.closest(".body"), () => draw(store.get()));
  const forms = openForms(editing, "hypotheses", again);

  function draw(shown) {
    const { model, data, who } = shown;
    const { hypotheses, matrix } = model;
    const may = !data.read_only;
    const fresh = { id: newKey("h"), version: null };
    const adding = forms.toggle("new", (close, draft) => hypothesisForm(editing, fresh, who, draft, close));
    fill(
      root,
      matrix && h("p", { class: "says", dir: "auto" }, matrix.text),
      matrix && h("p", { class: "small muted", dir: "auto" }, matrix.confidence),
      matrix &&
        matrix.rows.length > 0 &&
        h(
          "div",
          { class: "scroll", tabindex: "0", role: "region", "aria-label": "Hypotheses matrix" },
          table(page, shown, forms),
        ),
      h(
        "div",
        { class: "line" },
        h("h3", {}, "The hypotheses"),
        may && button("Add one", adding, { class: "btn small", data: { keep: "add hypothesis" } }),
      ),
      forms.get("new"),
      h(
        "ol",
        { class: "hypotheses" },
        hypotheses.map((one, n) => hypothesis(page, shown, one, n, forms)),
      ),
      !hypotheses.length && h("p", { class: "muted" }, "No hypotheses yet."),
    );
  }
  return draw;
}

function hypothesis({ editing }, { data, who }, one, n, forms) {
  const id = `h ${one.id}`;
  const open = forms.toggle(id, (close, draft) => hypothesisForm(editing, one, who, draft, close));
  const edits = opener("Edit", `Edit H${n + 1}`, forms, id, open);
  return h(
    "li",
    {},
    h("p", {}, h("b", {}, `H${n + 1} `), name(one.title, { class: "b" }), !data.read_only && edits),
    h("p", { class: "small muted", dir: "auto" }, one.explanation),
    forms.get(id),
  );
}

function hypothesisForm(editing, one, who, draft, close) {
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
    draft,
    close,
  });
}

function table(page, shown, forms) {
  const { hypotheses, matrix } = shown.model;
  const least = (one) => (matrix.least.includes(one.id) ? " least" : "");
  const heads = hypotheses.map((one, n) =>
    h("th", { scope: "col", class: `c${least(one)}`, title: one.title }, `H${n + 1}`),
  );
  const sums = hypotheses.map((one) =>
    h("td", { class: `c small${least(one)}` }, (matrix.inconsistency[one.id] ?? 0).toFixed(1)),
  );
  return h(
    "table",
    { class: "matrix" },
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Item"), heads)),
    h(
      "tbody",
      {},
      matrix.rows.flatMap((item) => rows(page, shown, item, forms, least)),
    ),
    h("tfoot", {}, h("tr", {}, h("th", { scope: "row" }, "Weighed inconsistency"), sums)),
  );
}

/** The row of an item, and the forms that are open below it. */
function rows({ editing }, { model, data, who }, item, forms, least) {
  const open = [];
  const cells = model.hypotheses.map((one, n) => {
    const reading = item.readings[one.id] ?? "";
    const id = `${item.item}|${one.id}`;
    const edit = forms.toggle(id, (close, draft) => readingForm(model, item, one, editing, who, draft, close));
    if (forms.has(id)) open.push(h("tr", {}, h("td", { colspan: model.hypotheses.length + 1 }, forms.get(id))));
    const cell = button(SIGNS[reading] ?? "○", edit, {
      class: "cell",
      "aria-label": `${item.label}; H${n + 1}: ${reading || "not judged"}`,
      title: item.why[one.id] ?? "",
      "aria-expanded": String(forms.has(id)),
      disabled: data.read_only,
      data: { keep: id },
    });
    return h("td", { class: `c ${reading}${least(one)}` }, cell);
  });
  return [h("tr", {}, h("th", { scope: "row" }, name(item.label)), cells), ...open];
}

function readingForm(model, item, hypothesis, editing, who, draft, close) {
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
      draft,
      close,
    }),
  );
}
