// A form for one row of a table: what the server refuses is said beside the field, and nothing typed is lost. And what
// opens forms in a list of rows.

import { button, field, fill, h } from "./dom.js";
import { draftNote, rowDraft } from "./drafts.js";

/**
 * @typedef {{name: string, label: string, kind?: "text"|"long"|"choice", options?: [string, string][], note?: string,
 *   control?: any, after?: any, half?: boolean}} Field `control`: in the place of one of a `kind`; `after`: what stands
 * below it; `half`: it shares its line with the next
 * @param {any} editing
 * @param {{table: string, key: string, base: number|null, cells: Record<string, string>, extra?: Record<string, string>,
 *   fields: Field[], what: string, note?: any, stays?: boolean, draft: string, close: (saved?: boolean) => void}} given
 * `stays`: it cannot be removed; `draft`: the name under which what is typed is kept until it is saved
 */
export function rowForm(editing, given) {
  const { table, key, cells, extra = {}, fields, what, note, stays = false, draft } = given;
  const { drafts } = editing;
  const kept = drafts.get(draft);
  const base = kept ? kept.base : given.base;
  const close = (saved = false) => (drafts.drop(draft), given.close(saved));
  const wrong = h("p", { class: "error", role: "alert" });
  const { nodes, controls, beside } = fieldsOf(fields, { ...cells, ...kept?.cells }, `${table} ${key}`);
  // Of a row that is there, only what was changed is sent: the rest stays as it is, however it is written.
  const changed = () =>
    [...controls].filter(([one, held]) => held.value.trim() !== (cells[one] ?? "").trim()).map(([one]) => one);
  const values = () => {
    const names = base === null ? [...controls.keys()] : changed();
    return Object.fromEntries(names.map((one) => [one, controls.get(one).value.trim()]));
  };
  const stash = () => (changed().length ? drafts.put(draft, base, values()) : drafts.drop(draft));

  async function save(wanted) {
    wrong.textContent = "";
    for (const said of beside.values()) said.textContent = "";
    let to = document.activeElement;
    form.inert = true; // what is typed now would neither be in what is sent nor stay
    try {
      if (await editing.save(table, key, base, wanted, what)) {
        close(true);
        to = null;
      }
    } catch (error) {
      const problems = error.body?.error?.problems ?? [];
      for (const one of problems) beside.get(one.column) && (beside.get(one.column).textContent = one.reason);
      wrong.textContent = problems.some((one) => beside.has(one.column)) ? "" : (error.told ?? String(error));
      to = controls.get(problems[0]?.column) ?? to;
    } finally {
      form.inert = false;
      to?.focus();
    }
  }

  const form = h(
    "form",
    { class: "rowform" },
    kept && draftNote(kept),
    nodes,
    note && h("p", { class: "small muted" }, note),
    wrong,
    h(
      "div",
      { class: "row" },
      h("button", { type: "submit", class: "btn main" }, "Save"),
      button("Cancel", () => close(), { class: "btn" }),
      base !== null && !stays && button("Remove", () => save(null), { class: "btn risk" }),
    ),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    save({ ...extra, ...values() });
  });
  form.addEventListener("input", stash);
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    close();
  });
  return form;
}

/** The fields of a form with what stands in them: their elements, and by name the controls and what is said beside them. */
function fieldsOf(fields, cells, row) {
  const controls = new Map();
  const beside = new Map();
  const nodes = fields.map((one) => {
    const held = one.control ?? control(one, cells[one.name] ?? "");
    if (one.control && cells[one.name] !== undefined) held.value = cells[one.name];
    held.dataset.keep = `${row} ${one.name}`;
    const said = h("small", { class: "error" });
    controls.set(one.name, held);
    beside.set(one.name, said);
    return h("div", { class: one.half ? "half" : "" }, field(one.label, held, one.note ?? ""), one.after, said);
  });
  return { nodes, controls, beside };
}

function control({ kind = "text", options = [], label }, value) {
  if (kind === "long") return h("textarea", { rows: 3, dir: "auto", value });
  if (kind !== "choice") return h("input", { type: "text", dir: "auto", value, autocomplete: "off" });
  const known = options.some(([held]) => held === value) ? options : [[value, value || "—"], ...options];
  const made = h("select", { "aria-label": label });
  fill(
    made,
    known.map(([held, said]) => h("option", { value: held }, said)),
  );
  made.value = value;
  return made;
}

/**
 * Forms that are open stay the same while the page around them is drawn anew: what is typed in them stays, and so does the
 * version that it was typed over. One that was left half filled is open again. `view`: of the Weigh tab.
 */
export function openForms({ drafts }, view, again) {
  const held = new Map();
  return {
    get: (id) => held.get(id),
    has: (id) => held.has(id) || drafts.has(rowDraft(view, id)),
    /** Gives what opens the form `id`, made by `make(close, draft)`, and closes it again. */
    toggle(id, make) {
      const draft = rowDraft(view, id);
      const close = () => (drafts.drop(draft), held.delete(id), again());
      const open = () => held.set(id, make(close, draft));
      if (drafts.has(draft) && !held.has(id)) open();
      return () => (held.has(id) ? close() : (open(), again()));
    },
  };
}

/** The head of a list: what it holds, how many, and `label`, which adds one. */
export function listHead(title, count, readOnly, label, add) {
  const head = h("h3", {}, title, h("span", { class: "count" }, String(count)));
  if (!readOnly) head.append(button(label, add, { class: "btn small", data: { keep: label } }));
  return head;
}

/** Below a list that is not shown whole. */
export function showAll(count, listed, act) {
  return count > listed && button(`Show all ${count}`, act, { class: "btn", data: { keep: "show all" } });
}

/** What opens the form `id`. `said`: the same for those who do not see the row. */
export function opener(label, said, forms, id, act) {
  return button(label, act, {
    class: "plainlink edit",
    "aria-label": said,
    "aria-expanded": String(forms.has(id)),
    data: { keep: `${said} ${id}` },
  });
}
