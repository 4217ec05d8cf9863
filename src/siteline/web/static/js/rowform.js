// A form for one row of a table: what the server refuses is said beside the field, and nothing typed is lost.

import { button, field, fill, h } from "./dom.js";

/**
 * @typedef {{name: string, label: string, kind?: "text"|"long"|"choice", options?: [string, string][], note?: string}} Field
 * @param {any} editing
 * @param {{table: string, key: string, base: number|null, cells: Record<string, string>, extra?: Record<string, string>,
 *   fields: Field[], what: string, close: () => void}} given
 */
export function rowForm(editing, { table, key, base, cells, extra = {}, fields, what, close }) {
  const wrong = h("p", { class: "error", role: "alert" });
  const controls = new Map();
  const beside = new Map();
  const made = fields.map((one) => {
    const held = control(one, cells[one.name] ?? "");
    held.dataset.keep = `${table} ${key} ${one.name}`;
    const said = h("small", { class: "error" });
    controls.set(one.name, held);
    beside.set(one.name, said);
    return h("div", {}, field(one.label, held, one.note ?? ""), said);
  });
  const values = () => Object.fromEntries([...controls].map(([one, held]) => [one, held.value.trim()]));

  async function save(wanted) {
    wrong.textContent = "";
    for (const said of beside.values()) said.textContent = "";
    try {
      if (await editing.save(table, key, base, wanted, what)) close();
    } catch (error) {
      const problems = error.body?.error?.problems ?? [];
      for (const one of problems) beside.get(one.column) && (beside.get(one.column).textContent = one.reason);
      wrong.textContent = problems.some((one) => beside.has(one.column)) ? "" : (error.told ?? String(error));
      controls.get(problems[0]?.column)?.focus();
    }
  }

  const form = h(
    "form",
    { class: "rowform" },
    made,
    wrong,
    h(
      "div",
      { class: "row" },
      h("button", { type: "submit", class: "btn main" }, "Save"),
      button("Cancel", close, { class: "btn" }),
      base !== null && button("Remove", () => save(null), { class: "btn risk" }),
    ),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    save({ ...extra, ...values() });
  });
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    close();
  });
  return form;
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
 * version that it was typed over.
 */
export function openForms(again) {
  const held = new Map();
  return {
    get: (id) => held.get(id),
    has: (id) => held.has(id),
    /** Gives what opens the form `id`, made by `make(close)`, and closes it again. */
    toggle: (id, make) => () => {
      const close = () => (held.delete(id), again());
      if (held.has(id)) return close();
      held.set(id, make(close));
      return again();
    },
  };
}
