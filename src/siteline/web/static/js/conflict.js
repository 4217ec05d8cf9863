// Somebody changed the same row in the meantime: both versions side by side, and the person decides.

import { dialog } from "./dialogs.js";
import { button, h, name } from "./dom.js";
import { plain, stamp } from "./words.js";

/**
 * It may come up under hands that go on labelling: no button has the focus, so that no Enter decides.
 * @returns {Promise<"mine"|"theirs"|undefined>}
 */
export function resolveConflict({ table, key, cells, body }) {
  const theirs = body?.present ?? null;
  return dialog("Changed by somebody else in the meantime", (close) => [
    h(
      "p",
      {},
      "Nothing of yours was saved yet. ",
      name(body?.who || "Somebody"),
      body?.at ? ` changed this row on ${stamp(body.at)}.` : " changed this row.",
      " Decide which version stands; the other one remains in the journal.",
    ),
    h("p", { class: "small muted" }, plain(table), " ", name(key)),
    versions(cells, theirs),
    h(
      "div",
      { class: "actions" },
      button("Keep theirs", () => close("theirs"), { class: "btn" }),
      button("Save mine over it", () => close("mine"), { class: "btn risk" }),
      button("Back to my changes", () => close()),
    ),
  ]);
}

function versions(mine, theirs) {
  const names = [...new Set([...Object.keys(mine ?? {}), ...Object.keys(theirs ?? {})])];
  const rows = names.flatMap((one) => {
    const kept = mine !== null && !(one in mine); // cells that are not named stay as they are
    const [ours, present] = [shown((kept ? theirs : mine)?.[one]), shown(theirs?.[one])];
    const differs = ours !== present;
    if (!differs && (kept || mine === null)) return []; // what nobody touched does not help to decide
    const cells = [h("td", { class: "small" }, plain(one)), h("td", {}, name(present)), h("td", {}, name(ours))];
    return [h("tr", { class: differs ? "differs" : "" }, cells)];
  });
  const head = h(
    "tr",
    {},
    h("th", { scope: "col" }, "Column"),
    h("th", { scope: "col" }, theirs ? "Theirs, as it is now" : "Theirs: removed"),
    h("th", { scope: "col" }, mine ? "Yours" : "Yours: removed"),
  );
  return h("table", { class: "versions" }, h("thead", {}, head), h("tbody", {}, rows));
}

function shown(value) {
  if (value === null || value === undefined || value === "") return "";
  if (typeof value !== "object") return String(value);
  const text = JSON.stringify(value);
  return text.length > 160 ? `${text.slice(0, 160)}…` : text;
}
