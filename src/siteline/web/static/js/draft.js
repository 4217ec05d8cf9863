// A footprint while it is drawn: its corners, and how it becomes a row of the case. Map and panel both edit it.

import { FOOTPRINT } from "./drafts.js";
import { newKey } from "./editing.js";
import { positions } from "./footprints.js";
import { notice } from "./notices.js";

/**
 * @typedef {object} Draft
 * @property {string} structure @property {string} name @property {[number, number][]} points
 * @property {boolean} closed @property {string} problem @property {number|null} base @property {boolean} seek
 * @property {{at: string}} [kept] it was begun before the page was left
 */

export function makeDraft({ store, act, editing }) {
  let saving = false; // what is under way to the case is not drawn on
  const put = (patch) => store.set({ draft: { ...store.get().draft, ...patch } });
  const change = (patch) => !saving && put(patch);
  const draft = {
    /** Begin: with the outline a structure has, or an empty one. `structure` "": one that is new, called `name`. */
    begin(structure, name = "") {
      const one = store.get().model.structureById.get(structure);
      const points = one?.geometry ? outline(one.geometry) : [];
      act.mode("single");
      act.tab("observe");
      const base = one ? one.version : null; // what somebody else changes from here on is a conflict
      const closed = points.length > 2;
      store.set({ draft: { structure, name: one?.name ?? name, points, closed, problem: "", base, seek: true } });
    },

    /** Put all corners at once. `seek`: bring them into sight. */
    points(points, closed = store.get().draft.closed, seek = false) {
      change({ points, closed: closed && points.length > 2, problem: "", seek });
    },

    add(point) {
      const { points, closed } = store.get().draft;
      if (!closed) change({ points: [...points, point], problem: "", seek: false });
    },

    dropLast() {
      const { points } = store.get().draft;
      change({ points: points.slice(0, -1), closed: false, problem: "", seek: false });
    },

    close: () => store.get().draft.points.length > 2 && change({ closed: true }),

    leave: () => store.set({ draft: null }),

    /** Save it as a row; what is wrong with it is said and nothing is lost. */
    async finish() {
      const { structure, name, points, base } = store.get().draft;
      const geometry = geometryOf(points);
      if (!geometry)
        return change({
          problem:
            points.length === 2
              ? "Two corners make no outline; add a third, or keep one for a point."
              : "There is no corner yet.",
        });
      const { model } = store.get();
      const key = structure || keyFor(name, model);
      const cells = structure ? { geometry } : { name, geometry };
      if (saving) return undefined;
      saving = true;
      try {
        const done = await editing.save("structures", key, base, cells, `footprint of ${name}`);
        if (!done) return undefined;
        store.set({ draft: null, structure: key });
        if (done.theirs) return undefined;
        if (done.entry === null) notice(`The footprint of ${name} is as it was.`);
        else notice(`Saved: footprint of ${name}`, { action: ["Undo", () => editing.undo(done.entry)] });
      } catch (error) {
        put({ problem: error.told ?? String(error) });
      } finally {
        saving = false;
      }
      return undefined;
    },
  };
  store.on(["draft"], ({ draft: now, model }) => stash(editing.drafts, now, model));
  const kept = editing.drafts.get(FOOTPRINT);
  if (kept) store.set({ mode: "single", draft: restored(kept) });
  return draft;
}

/** Keep what is drawn until it is saved or left; nothing where no corner differs from the outline there is. */
function stash(drafts, now, model) {
  if (!now) return drafts.drop(FOOTPRINT);
  const { structure, name, points, closed, base } = now;
  const there = model.structureById.get(structure)?.geometry;
  const text = exactly(points);
  if (structure && text === exactly(there ? outline(there) : [])) return drafts.drop(FOOTPRINT);
  return drafts.put(FOOTPRINT, base, { structure, name, points: text, closed: closed ? "yes" : "" });
}

const exactly = (points) => points.map((point) => point.join(", ")).join("\n");

/** A kept drawing; null where its cells are not those of one. @returns {Draft|null} */
function restored(kept) {
  const { structure, name, points, closed } = kept.cells;
  const corners = fromText(points ?? "");
  if (structure === undefined || name === undefined || !corners) return null;
  const more = { closed: closed === "yes" && corners.length > 2, problem: "", base: kept.base, seek: false, kept };
  return { structure, name, points: corners, ...more };
}

/** The corners of the outer outline, without the repeated last one; a point is one corner. */
export function outline(geometry) {
  const all = positions(geometry).map(([x, y]) => /** @type {[number, number]} */ ([x, y]));
  if (geometry.type === "Point") return all;
  const ring =
    geometry.type === "Polygon"
      ? geometry.coordinates[0]
      : geometry.type === "MultiPolygon"
        ? geometry.coordinates[0][0]
        : null;
  return ring ? ring.slice(0, -1).map(([x, y]) => [x, y]) : all;
}

/** GeoJSON of corners: one is a point, three and more a polygon. */
export function geometryOf(points) {
  const round = ([x, y]) => [Number(x.toFixed(7)), Number(y.toFixed(7))];
  if (points.length === 1) return { type: "Point", coordinates: round(points[0]) };
  if (points.length < 3) return null;
  const ring = points.map(round);
  return { type: "Polygon", coordinates: [[...ring, ring[0]]] };
}

/** Corners as text, `longitude, latitude` a line. */
export function asText(points) {
  return points.map(([x, y]) => `${x.toFixed(6)}, ${y.toFixed(6)}`).join("\n");
}

/** Corners of text; null where a line is no position. */
export function fromText(text) {
  const lines = text
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);
  const points = lines.map((line) => line.split(/[\s,;]+/).map(Number));
  const sound = points.every(
    (one) => one.length === 2 && one.every(Number.isFinite) && Math.abs(one[0]) <= 180 && Math.abs(one[1]) <= 90,
  );
  return sound ? points : null;
}

function keyFor(name, model) {
  const plain = name
    .toLowerCase()
    .normalize("NFKD")
    .replace(/[^a-z0-9]+/g, "_")
    .replace(/^_+|_+$/g, "")
    .slice(0, 40);
  return plain && !model.structureById.has(plain) ? plain : newKey(plain || "structure");
}
