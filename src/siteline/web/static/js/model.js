// The case as the page needs it: looked up by id, scenes in order, the looks of each structure and scene.

import { withoutOthers } from "./blind.js";

/** When a scene or look stands on the time line: its first moment, or the middle of a longer span; null without a date. */
export function timeOf(span) {
  const { first, last } = span;
  if (first === null || first === undefined) return last ?? null;
  return last === null || last === undefined || last - first <= 1 ? first : (first + last) / 2;
}

/**
 * @param {any} data answer of /api/state @param {boolean} blind @param {string} who
 */
export function makeModel(data, blind, who) {
  const seen = blind ? withoutOthers(data, who) : data;
  const scenes = seen.scenes.map((scene) => ({ ...scene, t: timeOf(scene) })).filter((scene) => scene.t !== null);
  scenes.sort((a, b) => a.t - b.t || (a.id < b.id ? -1 : 1));
  const looks = seen.observations.map((look) => ({ ...look, t: timeOf(look) }));
  const structures = ordered(seen.structures, looks);
  return {
    ...seen,
    blind,
    scenes,
    looks,
    structures,
    drawable: scenes.filter((scene) => scene.pixels && !scene.duplicate),
    sceneById: byId(scenes),
    undated: seen.scenes.filter((scene) => timeOf(scene) === null),
    structureById: byId(structures),
    lookById: byId(looks),
    sourceById: byId(seen.sources),
    claimById: byId(seen.claims),
    eventById: byId(seen.events),
    looksOf: grouped(looks, (look) => look.structure),
    looksIn: grouped(looks, (look) => look.scene),
    detectionsOf: grouped(seen.detections, (found) => found.structure),
    placed: structures.filter((one) => one.geometry),
    period: periodOf(seen, scenes),
  };
}

function byId(rows) {
  return new Map(rows.map((row) => [row.id, row]));
}

/** Rows by what `key` gives for each. */
export function grouped(rows, key) {
  const found = new Map();
  for (const row of rows) {
    const of = key(row);
    if (!found.has(of)) found.set(of, []);
    found.get(of).push(row);
  }
  return found;
}

/** The structures the case calls key first, then those that changed, then those with looks; else in the case's order. */
function ordered(structures, looks) {
  const seen = new Set(looks.map((look) => look.structure));
  const rank = (one) => (one.key ? 0 : one.transitions.length ? 1 : seen.has(one.id) ? 2 : 3);
  return structures
    .map((one, n) => [rank(one), n, one])
    .sort((a, b) => a[0] - b[0] || a[1] - b[1])
    .map((row) => row[2]);
}

/** The days shown at first: the case's period, widened to what people call the key events; a year where nothing is dated. */
function periodOf(data, scenes) {
  if (data.period) return [data.period[0], data.period[1]];
  const days = [...scenes.map((scene) => scene.t), ...data.events.map((event) => event.first).filter((d) => d !== null)];
  if (days.length) return [Math.min(...days), Math.max(...days)];
  const today = Date.now() / 86400000;
  return [today - 365, today];
}

/**
 * What is held of a structure at a moment, and no more than that.
 * `kind`: "held" between looks that agree; "between" looks that differ; "before" the first, "after" the last; "none"
 * without looks.
 * @returns {{state: string|null, kind: string, last: any, next: any}}
 */
export function stateAt(structure, time) {
  const segments = structure.segments;
  if (!segments.length) return { state: null, kind: "none", last: null, next: null };
  let last = null;
  for (const segment of segments) {
    if (segment.first <= time + 1e-6 && time <= segment.last + 1e-6)
      return { state: segment.state, kind: "held", last: segment, next: segment };
    if (segment.last < time) last = segment;
    else if (segment.first > time) return { state: null, kind: last ? "between" : "before", last, next: segment };
  }
  return { state: null, kind: "after", last, next: null };
}

/** The drawable scene to show at a moment: the last one by then, else the first after it; `skip`: only those of use. */
export function sceneFor(model, time, skip) {
  const held = skip ? model.drawable.filter((scene) => scene.status !== "not") : model.drawable;
  const pool = held.length ? held : model.drawable;
  let found = null;
  for (const scene of pool) {
    if (scene.t > time + 1e-6) break;
    found = scene;
  }
  return found ?? pool[0] ?? null;
}

/** The scene that a look would be of: the one chosen, else the one on screen, else one that stands at the chosen time. */
export function sceneHere({ model, scene, looked, time }) {
  const [chosen, shown] = [model.sceneById.get(looked), model.sceneById.get(scene)];
  if (chosen) return chosen;
  return shown?.pixels ? shown : (model.scenes.find((one) => Math.abs(one.t - time) < 1e-6) ?? null);
}

/** The scene `step` places on from `id` in time; scenes without pixels too where the case has no others. */
export function sceneStep(model, id, time, step, skip) {
  const all = model.drawable.length ? model.drawable : model.scenes;
  const pool = skip ? all.filter((scene) => scene.status !== "not" || scene.id === id) : all;
  if (!pool.length) return null;
  const here = pool.findIndex((scene) => scene.id === id);
  if (here >= 0) return pool[Math.min(pool.length - 1, Math.max(0, here + step))];
  const later = pool.findIndex((scene) => scene.t > time);
  if (step > 0) return later < 0 ? pool.at(-1) : pool[later];
  return pool[Math.max(0, (later < 0 ? pool.length : later) - 1)];
}
