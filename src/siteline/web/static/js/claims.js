// Claims held against looks that do not come from their own source: the verdict, and why. Each can be corrected in place.

import { button, fill, h, link, name } from "./dom.js";
import { newKey } from "./editing.js";
import { rowForm } from "./rowform.js";
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

export function buildClaims({ store, act, editing }, root) {
  let only = "";
  let here = false;
  let open = "";
  let many = MOST;

  function draw(shown) {
    const { model, structure } = shown;
    const near = model.claims.filter((one) => !here || one.structure === structure);
    const held = near.filter((one) => !only || one.verdict === only);
    held.sort((a, b) => VERDICTS.indexOf(a.verdict) - VERDICTS.indexOf(b.verdict));
    const again = () => draw(store.get());
    const tally = VERDICTS.filter((one) => near.some((claim) => claim.verdict === one)).map((one) =>
      button(
        [verdictSign(one), h("b", {}, String(near.filter((claim) => claim.verdict === one).length)), one],
        () => ((only = only === one ? "" : one), again()),
        { class: "tally", "aria-pressed": String(only === one), data: { keep: `tally ${one}` } },
      ),
    );
    const box = h("input", {
      type: "checkbox",
      data: { keep: "here" },
      on: { change: () => ((here = box.checked), again()) },
    });
    box.checked = here;
    const toggle = (id) => () => ((open = open === id ? "" : id), again());
    fill(
      root,
      h("div", { class: "tallies", role: "group", "aria-label": "Verdicts" }, tally),
      h(
        "div",
        { class: "line" },
        h("label", { class: "check" }, box, "only of ", name(model.structureById.get(structure)?.name ?? "")),
        !shown.data.read_only && button("Add a claim", toggle("new"), { class: "btn small", data: { keep: "add claim" } }),
      ),
      open === "new" && form(model, editing, { id: newKey("claim"), structure, type: "began", version: null }, toggle("")),
      h(
        "table",
        { class: "claims" },
        h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Claim"), h("th", { scope: "col" }, "Verdict, because"))),
        h(
          "tbody",
          {},
          held
            .slice(0, many)
            .flatMap((one) =>
              [
                row(model, one, toggle(one.id), open === one.id, act, shown.data.read_only),
                open === one.id && h("tr", {}, h("td", { colspan: 2 }, form(model, editing, one, toggle(one.id)))),
              ].filter(Boolean),
            ),
        ),
      ),
      held.length > many && button(`Show all ${held.length}`, () => ((many = Infinity), again()), { class: "btn" }),
      !held.length && h("p", { class: "muted" }, "No claims."),
    );
  }
  return draw;
}

function row(model, one, edit, opened, act, readOnly) {
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
        !readOnly &&
          button("Edit", edit, {
            class: "plainlink edit",
            "aria-expanded": String(opened),
            "aria-label": `Edit claim ${one.id}`,
            data: { keep: `edit ${one.id}` },
          }),
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

function form(model, editing, one, close) {
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
    { name: "after_date", label: "Not before (date, EDTF)" },
    { name: "before_date", label: "Not after (date, EDTF)" },
    { name: "direction", label: "Direction" },
    {
      name: "source_id",
      label: "Published by",
      kind: "choice",
      options: model.sources.map((held) => [held.id, `${held.publisher || held.id} (${held.id})`]),
    },
    { name: "basis", label: "Rests on", kind: "choice", options: BASES },
  ];
  return rowForm(editing, {
    table: "claims",
    key: one.id,
    base: one.version,
    cells,
    fields,
    what: `claim ${one.id}`,
    close,
  });
}
