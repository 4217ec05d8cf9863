// What was typed or drawn and is not saved yet, kept in this tab of the browser: a reload loses none of it.

import { isOwn } from "./blind.js";
import { h } from "./dom.js";
import { notice } from "./notices.js";
import { iso, plural } from "./words.js";

const BETWEEN = "\n"; // no key of a case holds one

/**
 * @typedef {{at: string, base: number|null, cells: Record<string, string>}} Kept `base`: the version of the row that it was
 * made from, so that a change by somebody else is noticed; `at`: when (ISO 8601)
 */

/** The drafts of the case `id`, oldest first. Of what the browser holds, only what is sound is taken. @param {string} id */
export function makeDrafts(id) {
  const prefix = `siteline.draft.${id}.`;
  /** @type {Map<string, Kept>} */
  const held = new Map(readAll(prefix));
  const unkept = new Set(); // the browser would not keep these

  return {
    has: (name) => held.has(name),
    get: (name) => held.get(name) ?? null,
    names: () => [...held.keys()],

    put(name, base, cells) {
      const one = { at: new Date().toISOString(), base, cells };
      held.set(name, one);
      try {
        sessionStorage.setItem(prefix + name, JSON.stringify(one));
        unkept.delete(name);
      } catch {
        unkept.add(name);
      }
    },

    drop(name) {
      held.delete(name);
      unkept.delete(name);
      try {
        sessionStorage.removeItem(prefix + name);
      } catch {
        // a browser that keeps nothing has nothing to forget
      }
    },

    /** Whether leaving the page now would lose any. */
    unkept: () => unkept.size > 0,
  };
}

function readAll(prefix) {
  try {
    const names = Object.keys(sessionStorage).filter((one) => one.startsWith(prefix));
    const found = names.map((one) => [one.slice(prefix.length), read(sessionStorage.getItem(one))]);
    return found.filter(([, one]) => one).sort((a, b) => Date.parse(a[1].at) - Date.parse(b[1].at));
  } catch {
    return [];
  }
}

/** @returns {Kept|null} */
function read(text) {
  let one;
  try {
    one = JSON.parse(text);
  } catch {
    return null;
  }
  const { at, base, cells } = one ?? {};
  const dated = typeof at === "string" && !Number.isNaN(Date.parse(at));
  const based = base === null || (Number.isSafeInteger(base) && base >= 0);
  const texts = cells !== null && typeof cells === "object" && Object.values(cells).every((it) => typeof it === "string");
  return dated && based && texts && !Array.isArray(cells) ? { at, base, cells } : null;
}

export const labelDraft = (structure, scene) => ["label", structure, scene].join(BETWEEN);
export const rowDraft = (view, form) => ["row", view, form].join(BETWEEN);
export const FOOTPRINT = "footprint";

/** That something is a draft, and from when; today's without the day. */
export function draftNote({ at }, ...more) {
  const [day, time] = iso(Date.parse(at) / 86400000).split(" ");
  const today = iso(Date.now() / 86400000).slice(0, 10) === day;
  return h("p", { class: "draftnote" }, `Draft from ${today ? "" : `${day} `}${time ?? "00:00"} UTC, not saved yet.`, more);
}

/** The view of the Weigh tab in which a form was left half filled last, undefined where there is none. */
export function viewOfDraft(drafts) {
  const all = drafts.names().map((name) => name.split(BETWEEN));
  const view = all.findLast(([kind]) => kind === "row")?.[1];
  return view === "statements" ? "hypotheses" : view; // these are shown together
}

/**
 * Whether a look says what a draft says: it was saved, and the page did not hear of it.
 * @param {any} look @param {Kept} draft
 */
export function says(look, { cells }) {
  return Object.entries(cells).every(([cell, value]) => value === (look[cell] ?? ""));
}

function dropSaved(drafts, { model, who }) {
  for (const name of drafts.names()) {
    const [kind, structure, scene] = name.split(BETWEEN);
    const looks = kind === "label" ? (model.looksIn.get(scene) ?? []) : [];
    const own = looks.find((look) => look.structure === structure && isOwn(look, who));
    if (own && says(own, drafts.get(name))) drafts.drop(name);
  }
}

/** Once the page is there again: what is not saved yet, and the way to it. */
export function tellDrafts({ store, act, editing }) {
  dropSaved(editing.drafts, store.get());
  const all = editing.drafts.names().map((name) => name.split(BETWEEN));
  if (!all.length) return;
  const count = (kind, noun) => {
    const some = all.filter(([one]) => one === kind).length;
    return some ? [plural(some, noun)] : [];
  };
  const parts = [...count("label", "label"), ...count(FOOTPRINT, "footprint"), ...count("row", "form")];
  const [kind, structure, scene] = all.at(-1);
  const go = () => {
    act.tab(kind === "row" ? "weigh" : "observe");
    if (kind === "row") document.querySelector(`[data-view="${CSS.escape(viewOfDraft(editing.drafts) ?? "")}"]`)?.click();
    if (kind === "label") {
      act.structure(structure);
      act.scene(scene);
    }
    const notes = [...document.querySelectorAll(".body .draftnote")];
    notes.find((one) => one.checkVisibility())?.scrollIntoView({ block: "center" });
  };
  notice(`Not saved yet: ${parts.join(", ")}. What was typed or drawn is kept.`, { action: ["Show", go] });
}
