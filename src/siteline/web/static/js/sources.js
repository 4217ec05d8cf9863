// The sources of the case: found by any part of their words, with what rests on each, and corrected in place.

import { fill, h, keepFocus, link, name } from "./dom.js";
import { newKey } from "./editing.js";
import { listHead, opener, openForms, showAll } from "./rowform.js";
import { sourceForm } from "./sourcepick.js";
import { plural } from "./words.js";

const MOST = 30;

export function buildSources(page, root) {
  const again = () => keepFocus(root.closest(".body"), () => draw(page.store.get()));
  const forms = openForms(page.editing, "sources", again);
  const box = h("input", {
    type: "search",
    dir: "auto",
    autocomplete: "off",
    placeholder: "Filter",
    "aria-label": "Filter the sources",
    data: { keep: "filter sources" },
  });
  let many = MOST;
  box.addEventListener("input", again);

  function draw({ model, data }) {
    const text = box.value.trim().toLowerCase();
    const words = (one) => [one.id, one.publisher, one.authors, one.title, one.url].join("\n").toLowerCase();
    const held = model.sources.filter((one) => forms.has(one.id) || words(one).includes(text));
    held.sort((a, b) => (a.publisher || a.id).localeCompare(b.publisher || b.id) || a.published.localeCompare(b.published));
    const listed = held.filter((one, n) => n < many || forms.has(one.id));
    const uses = usesOf(model);
    const fresh = { id: newKey("source"), version: null };
    const add = forms.toggle("new", (close, draft) => sourceForm(page, fresh, draft, close));
    fill(
      root,
      listHead("Sources", model.sources.length, data.read_only, "Add a source", add),
      forms.get("new"),
      model.sources.length > MOST && box,
      h(
        "ul",
        { class: "looks" },
        listed.map((one) => row(page, one, uses.get(one.id) ?? [], forms, data.read_only)),
      ),
      showAll(held.length, listed.length, () => ((many = Infinity), again())),
      !held.length && h("p", { class: "muted" }, text ? "None of them has these words." : "No sources yet."),
    );
  }
  return draw;
}

/** What rests on each source, in words. */
function usesOf(model) {
  const looks = model.looks.filter((look) => !look.machine);
  const kinds = { look: looks, claim: model.claims, event: model.events, statement: model.statements };
  const found = new Map();
  for (const [noun, rows] of Object.entries(kinds)) {
    const counts = new Map();
    for (const one of rows) counts.set(one.source, (counts.get(one.source) ?? 0) + 1);
    for (const [id, count] of counts) found.set(id, [...(found.get(id) ?? []), plural(count, noun)]);
  }
  return found;
}

function row(page, one, uses, forms, readOnly) {
  const edit = forms.toggle(one.id, (close, draft) => sourceForm(page, one, draft, close));
  return h(
    "li",
    { data: { source: one.id } },
    h(
      "p",
      {},
      link(one.url, name(one.publisher || one.id, { class: "b" })),
      one.published && h("span", { class: "muted num" }, ` · ${one.published}`),
      !readOnly && opener("Edit", `Edit source ${one.id}`, forms, one.id, edit),
    ),
    one.title && h("p", {}, name(one.title)),
    h(
      "p",
      { class: "small muted" },
      name(one.id),
      uses.length ? ` · ${uses.join(", ")}` : " · nothing rests on it",
      one.repeats.length > 0 && [" · only repeats ", name(one.repeats.join(", "))],
    ),
    forms.get(one.id),
  );
}
