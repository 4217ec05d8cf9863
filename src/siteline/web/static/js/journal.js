// The journal: who changed what and when, newest first; every change can be undone unless a later one stands on it.

import { api } from "./api.js";
import { button, fill, h, keepFocus, name } from "./dom.js";
import { trouble } from "./notices.js";
import { blindNote, whileOpen } from "./panel.js";
import { plain, stamp } from "./words.js";

const PAGE = 50;
const SETTINGS = "siteline_settings";
const EDITABLE = ["observations", "structures", "claims", "events", "hypotheses", "readings", "statements", "sources"];

export function buildJournal({ store, editing }, body) {
  let rows = [];
  let all = false;
  let read = -1;

  async function load(more = false) {
    try {
      const got = await api.journal(PAGE, more ? rows.at(-1)?.entry : 0);
      rows = more ? [...rows, ...got] : got;
      all = got.length < PAGE;
      read = store.get().data.revision;
      draw();
    } catch (error) {
      trouble(error);
    }
  }

  function draw() {
    const { blind, who, data } = store.get();
    const seen = blind ? rows.filter((one) => one.who === who) : rows;
    keepFocus(body, () =>
      fill(
        body,
        h("h2", {}, "Journal"),
        h(
          "p",
          { class: "muted" },
          "Every change of this case, by whom and when. Nothing is ever taken out of it; an undo is an entry of its own.",
        ),
        blind && blindNote("Only your own changes are listed."),
        h(
          "ol",
          { class: "journal" },
          days(seen, (one) => entry(one, editing, data.read_only)),
        ),
        !all && rows.length > 0 && button("Older entries", () => load(true), { class: "btn", data: { keep: "older" } }),
      ),
    );
  }

  whileOpen(store, "journal", ["data", "blind", "who"], ({ data }) => (read === data.revision ? draw() : load()));
}

function days(rows, make) {
  let last = "";
  return rows.flatMap((one) => {
    const day = stamp(one.at).slice(0, 10);
    const head = day === last ? [] : [h("li", { class: "dayhead num" }, day)];
    last = day;
    return [...head, make(one)];
  });
}

function entry(one, editing, readOnly) {
  const settings = one.table === SETTINGS;
  const [before, after] = settings ? [settingsOf(one.before), settingsOf(one.after)] : [one.before, one.after];
  const changed = differences(before, after);
  const ours = settings ? changed.every(([cell]) => cell === "key_events") : EDITABLE.includes(one.table);
  return h(
    "li",
    { class: "entry" },
    h(
      "div",
      {},
      h("span", { class: "num muted" }, stamp(one.at).slice(11)),
      " ",
      name(one.who, { class: "b" }),
      settings ? ` ${verb(one)} settings` : [` ${verb(one)} ${plain(one.table).replace(/s$/, "")} `, name(one.key)],
      changed.length > 0 &&
        h(
          "ul",
          { class: "diff small" },
          changed.map(([cell, from, to]) =>
            h(
              "li",
              {},
              h("span", { class: "muted" }, `${plain(cell)} `),
              from !== "" && [h("del", {}, name(from)), " "],
              to !== "" && h("ins", {}, name(to)),
            ),
          ),
        ),
    ),
    ours &&
      !readOnly &&
      button("Undo", () => editing.undo(one.entry), {
        class: "btn small",
        "aria-label": `Undo entry ${one.entry}`,
        data: { keep: `undo ${one.entry}` },
      }),
  );
}

/** The settings of a journal entry by name. */
function settingsOf(side) {
  try {
    const held = JSON.parse(side?.json ?? "{}");
    return Object.fromEntries(Object.entries(held).map(([one, it]) => [one, Array.isArray(it) ? it.join("; ") : it]));
  } catch {
    return {};
  }
}

function verb({ before, after }) {
  return before === null ? "added" : after === null ? "removed" : "changed";
}

/** Cells that differ; of a new or removed row those that say most. */
function differences(before, after) {
  const names = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])];
  const found = names.map((one) => [one, text(before?.[one]), text(after?.[one])]).filter(([, from, to]) => from !== to);
  return before && after
    ? found
    : found.filter(([one]) =>
        ["structure_id", "state", "confidence", "name", "title", "paraphrase", "what", "reading", "verdict"].includes(one),
      );
}

function text(value) {
  if (value === null || value === undefined) return "";
  const said = typeof value === "object" ? JSON.stringify(value) : String(value);
  return said.length > 140 ? `${said.slice(0, 140)}…` : said;
}
