// What named people said: listed by time, corrected in place, and read against the hypotheses.

import { fill, h, keepFocus, link, name } from "./dom.js";
import { newKey } from "./editing.js";
import { READINGS } from "./matrix.js";
import { listHead, opener, openForms, rowForm, showAll } from "./rowform.js";
import { sourceField } from "./sourcepick.js";
import { plain, span } from "./words.js";

const MOST = 30;

export function buildStatements(page, root) {
  const again = () => keepFocus(root.closest(".body"), () => draw(page.store.get()));
  const forms = openForms(page.editing, "statements", again);
  let many = MOST;

  function draw(shown) {
    const { model, data } = shown;
    const held = [...model.statements].sort((a, b) => (a.first ?? Infinity) - (b.first ?? Infinity));
    const fresh = { id: newKey("statement"), version: null };
    const add = forms.toggle("new", (close, draft) => form(page, model, fresh, draft, close));
    const listed = held.filter((one, n) => n < many || forms.has(one.id) || forms.has(`read ${one.id}`));
    fill(
      root,
      listHead("Statements", held.length, data.read_only, "Add a statement", add),
      forms.get("new"),
      h(
        "ul",
        { class: "looks" },
        listed.map((one) => row(page, shown, one, forms)),
      ),
      showAll(held.length, listed.length, () => ((many = Infinity), again())),
      !held.length && h("p", { class: "muted" }, "No statements yet. A statement is what a named person or body said."),
    );
  }
  return draw;
}

function row(page, { model, data, who }, one, forms) {
  const source = model.sourceById.get(one.source);
  const edit = forms.toggle(one.id, (close, draft) => form(page, model, one, draft, close));
  const weigh = forms.toggle(`read ${one.id}`, (close, draft) => reading(page, model, one, who, draft, close));
  const said = `${one.speaker || one.id}: ${one.paraphrase}`;
  const may = !data.read_only;
  return h(
    "li",
    { data: { statement: one.id } },
    h(
      "p",
      {},
      name(one.speaker || "Not named", { class: "b" }),
      [one.role, one.affiliation].filter(Boolean).map((part) => [", ", name(part)]),
      h("span", { class: "muted num" }, ` · ${span(one)}`),
      may && opener("Edit", `Edit statement of ${said}`, forms, one.id, edit),
    ),
    h("p", {}, name(one.paraphrase)),
    h(
      "p",
      { class: "small muted" },
      source && link(source.url, name(source.publisher || source.id)),
      one.stance && [source && " · ", "stance: ", name(plain(one.stance))],
      inMatrix(model, one)
        ? " · in the matrix"
        : may &&
            model.hypotheses.length > 0 &&
            opener("Weigh it", `Weigh the statement of ${said}`, forms, `read ${one.id}`, weigh),
    ),
    forms.get(one.id),
    forms.get(`read ${one.id}`),
  );
}

/** Whether it is an item of the matrix, alone or with all of its stance. */
function inMatrix({ matrix }, one) {
  return (matrix?.rows ?? []).some((item) => item.item === one.id || item.item === `stance:${one.stance}`);
}

function form(page, model, one, draft, close) {
  const stances = [...new Set(model.statements.map((held) => held.stance).filter(Boolean))].sort();
  const stance = h("input", { type: "text", dir: "auto", value: one.stance ?? "", autocomplete: "off", list: "stances" });
  const known = h(
    "datalist",
    { id: "stances" },
    stances.map((value) => h("option", { value })),
  );
  const fields = [
    { name: "paraphrase", label: "What was said, in your words", kind: "long" },
    { name: "speaker", label: "Who said it", half: true },
    { name: "date", label: "When (date, EDTF)", half: true },
    { name: "role", label: "In what role", half: true },
    { name: "affiliation", label: "For whom", half: true },
    { name: "about", label: "About" },
    {
      ...{ name: "stance", label: "Stance", control: stance, after: known },
      note: "The reading it takes; “other” rather than a forced one. A stance counts once, however many voice it.",
    },
    sourceField(page, "Reported by", one.source ?? ""),
  ];
  const names = ["paraphrase", "speaker", "role", "affiliation", "about", "stance"];
  const cells = Object.fromEntries(names.map((cell) => [cell, one[cell] ?? ""]));
  return rowForm(page.editing, {
    table: "statements",
    key: one.id,
    base: one.version,
    cells: { ...cells, date: one.text ?? "", source_id: one.source ?? "" },
    fields,
    what: `statement of ${one.speaker ?? ""}`.trim(),
    draft,
    close,
  });
}

/** The first reading of a statement, which makes it an item of the matrix. */
function reading(page, model, one, who, draft, close) {
  const items = [[one.id, "this statement alone"]];
  const same = model.statements.filter((held) => held.stance === one.stance).length;
  if (one.stance)
    items.push([`stance:${one.stance}`, `everybody who says “${plain(one.stance)}” (${same}), counted once`]);
  const fields = [
    { name: "item", label: "What is read", kind: "choice", options: items },
    {
      ...{ name: "hypothesis_id", label: "Against", kind: "choice" },
      options: model.hypotheses.map((held, n) => [held.id, `H${n + 1} ${held.title}`]),
    },
    { name: "reading", label: "Would one expect it if that were true?", kind: "choice", options: READINGS },
    { name: "why", label: "Because", kind: "long" },
  ];
  return rowForm(page.editing, {
    table: "readings",
    key: newKey("reading"),
    base: null,
    cells: { item: one.id, hypothesis_id: model.hypotheses[0].id, reading: "neutral", why: "" },
    extra: { author: who },
    fields,
    what: `reading of what ${one.speaker || "somebody"} said`,
    note: "It then stands in the matrix, where it is read against the other hypotheses.",
    draft,
    close,
  });
}
