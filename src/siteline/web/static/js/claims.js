// Claims held against looks that do not come from their own source: the verdict, and why. Each can be corrected in place.

import { button, fill, h, keepFocus, link, name } from "./dom.js";
import { newKey } from "./editing.js";
import { opener, openForms, rowForm } from "./rowform.js";
import { sourceField } from "./sourcepick.js";
import { VERDICTS, verdictMark, verdictSign } from "./verdicts.js";
import { plain } from "./words.js";

const TYPES = [
  ["began", "began"],
  ["ended", "ended"],
  ["no_change", "no change"],
  ["activity", "activity"],
];
const BASES = [
  ["", "not judged"],
  ["imagery", "imagery"],
  ["materials", "materials"],
  ["official", "official"],
  ["repeat", "repeat"],
  ["inference", "inference"],
];
const MOST = 40;

export function buildClaims(page, root) {
  const view = { only: "", here: false, many: MOST };
  const again = () => keepFocus(root.parentElement, () => draw(page.store.get()));
  const forms = openForms(page.editing, "claims", again);
  const put = (patch) => () => (Object.assign(view, patch()), again());

  function draw(shown) {
    const { model, structure, data } = shown;
    const near = model.claims.filter((one) => !view.here || one.structure === structure);
    const held = near.filter((one) => !view.only || one.verdict === view.only || forms.has(one.id));
    held.sort((a, b) => VERDICTS.indexOf(a.verdict) - VERDICTS.indexOf(b.verdict));
    const listed = held.filter((one, n) => n < view.many || forms.has(one.id));
    const box = h("input", { type: "checkbox", data: { keep: "here" } });
    box.checked = view.here;
    box.addEventListener(
      "change",
      put(() => ({ here: box.checked })),
    );
    const fresh = { id: newKey("claim"), structure, type: "began", version: null };
    const adding = forms.toggle("new", (close, draft) => form(page, model, fresh, draft, close));
    fill(
      root,
      h("div", { class: "tallies", role: "group", "aria-label": "Verdicts" }, tallies(near, view.only, put)),
      h(
        "div",
        { class: "line" },
        h("label", { class: "check" }, box, "only of ", name(model.structureById.get(structure)?.name ?? "")),
        !data.read_only && button("Add a claim", adding, { class: "btn small", data: { keep: "add claim" } }),
      ),
      forms.get("new"),
      table(listed, (one) => rows(page, shown, one, forms)),
      held.length > listed.length &&
        button(
          `Show all ${held.length}`,
          put(() => ({ many: Infinity })),
          { class: "btn" },
        ),
      !held.length && h("p", { class: "muted" }, "No claims."),
    );
  }
  return draw;
}

/** How many claims have which verdict; each is a filter. */
function tallies(claims, only, put) {
  const counts = VERDICTS.map((verdict) => [verdict, claims.filter((one) => one.verdict === verdict).length]);
  return counts
    .filter(([, count]) => count)
    .map(([verdict, count]) => {
      const choose = put(() => ({ only: only === verdict ? "" : verdict }));
      const props = { class: "tally", "aria-pressed": String(only === verdict), data: { keep: `tally ${verdict}` } };
      return button([verdictSign(verdict), h("b", {}, String(count)), verdict], choose, props);
    });
}

function table(claims, make) {
  const head = h("tr", {}, h("th", { scope: "col" }, "Claim"), h("th", { scope: "col" }, "Verdict, because"));
  return h("table", { class: "claims" }, h("thead", {}, head), h("tbody", {}, claims.flatMap(make)));
}

/** The row of a claim, and its form where it is open. */
function rows(page, { model, data }, one, forms) {
  const edit = forms.toggle(one.id, (close, draft) => form(page, model, one, draft, close));
  const made = row(model, one, edit, forms, page.act, data.read_only);
  return forms.has(one.id) ? [made, h("tr", {}, h("td", { colspan: 2 }, forms.get(one.id)))] : [made];
}

function row(model, one, edit, forms, act, readOnly) {
  const source = model.sourceById.get(one.source);
  const dates = [one.after && `after ${one.after}`, one.before && `by ${one.before}`].filter(Boolean).join(", ");
  return h(
    "tr",
    { data: { claim: one.id } },
    h(
      "td",
      {},
      h("p", {}, name(one.paraphrase || plain(one.type))),
      h(
        "p",
        { class: "small muted" },
        source && link(source.url, name(source.publisher || source.id)),
        source && " · ",
        plain(one.type),
        dates && ` · ${dates}`,
      ),
      h(
        "p",
        { class: "small" },
        button(name(model.structureById.get(one.structure)?.name ?? one.structure), () => act.structure(one.structure), {
          class: "plainlink",
        }),
        !readOnly && opener("Edit", `Edit claim ${one.id}`, forms, one.id, edit),
      ),
    ),
    h(
      "td",
      {},
      verdictMark(one.verdict),
      h("p", { class: "small muted", dir: "auto" }, one.because),
      one.with_own &&
        one.with_own !== one.verdict &&
        h("p", { class: "small muted" }, `With its own looks: ${one.with_own}.`),
    ),
  );
}

function form(page, model, one, draft, close) {
  const cells = {
    structure_id: one.structure ?? "",
    claim_type: one.type ?? "",
    after_date: one.after ?? "",
    before_date: one.before ?? "",
    direction: one.direction ?? "",
    paraphrase: one.paraphrase ?? "",
    source_id: one.source ?? "",
    basis: one.basis ?? "",
  };
  const fields = [
    { name: "paraphrase", label: "What is claimed", kind: "long" },
    { name: "structure_id", label: "About", kind: "choice", options: model.structures.map((held) => [held.id, held.name]) },
    { name: "claim_type", label: "Kind", kind: "choice", options: TYPES },
    { name: "after_date", label: "Not before (date, EDTF)", half: true },
    { name: "before_date", label: "Not after (date, EDTF)", half: true },
    { name: "direction", label: "Direction" },
    sourceField(page, "Published by", one.source ?? ""),
    { name: "basis", label: "Rests on", kind: "choice", options: BASES },
  ];
  return rowForm(page.editing, {
    table: "claims",
    key: one.id,
    base: one.version,
    cells,
    fields,
    what: `claim ${one.id}`,
    draft,
    close,
  });
}
