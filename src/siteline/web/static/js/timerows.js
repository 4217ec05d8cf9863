// The rows of the time line: what is held between looks that agree, brackets and posteriors elsewhere, every look.

import { themeNow } from "./look.js";
import { ticks } from "./timescale.js";

export const ROW = 50;
const BASE = 25; // bars stand here
const FULL = 17; // height of a bar of what stands whole
const HILL = 15;
const BRACKET = 31.5;
const DOTS = 41;

/**
 * Draw the rows between two heights. @param {CanvasRenderingContext2D} pen
 * @param {{scale: any, model: any, ink: Record<string, string>, top: number, height: number, structure: string,
 *   scene: string}} at
 * @returns {any[]} what is under which pixel, last drawn last
 */
export function drawRows(pen, at) {
  const { scale, model, ink, top, height } = at;
  const hits = [];
  pen.clearRect(0, 0, scale.width, height);
  const first = Math.max(0, Math.floor(top / ROW));
  const last = Math.min(model.structures.length - 1, Math.floor((top + height) / ROW));
  const chosen = model.structures.findIndex((one) => one.id === at.structure);
  if (chosen >= first && chosen <= last) {
    pen.fillStyle = ink.wash;
    pen.fillRect(0, chosen * ROW - top, scale.width, ROW);
  }
  behind(pen, at);
  for (let n = first; n <= last; n += 1) {
    pen.save();
    pen.translate(0, n * ROW - top);
    row(pen, at, model.structures[n], hits, n * ROW - top);
    pen.restore();
  }
  return hits;
}

/** Grid and key events, through all rows. */
function behind(pen, { scale, model, ink, height }) {
  pen.fillStyle = ink.hair;
  pen.globalAlpha = 0.7;
  for (const tick of ticks(scale)) pen.fillRect(Math.round(scale.x(tick.t)), 0, 1, height);
  pen.fillStyle = ink.event;
  pen.globalAlpha = themeNow() === "dark" ? 0.28 : 0.16;
  for (const event of model.events) {
    if (!event.key || event.first === null) continue;
    const x = scale.x(event.first);
    pen.fillRect(x, 0, Math.max(2, scale.x(event.last ?? event.first) - x), height);
  }
  pen.globalAlpha = 1;
}

function row(pen, at, one, hits, y) {
  const { scale, model, ink } = at;
  pen.fillStyle = ink.hair;
  pen.fillRect(0, BASE, scale.width, 1);
  for (const change of one.transitions) hill(pen, scale, change, ink);
  const edges = one.segments.map((segment) => segmentBar(pen, scale, segment, model.styles, ink, hits, y, one));
  labels(pen, one.segments, edges, model.styles, ink, scale);
  for (const change of one.transitions) bracketBar(pen, scale, change, ink, hits, y, one);
  looks(pen, at, one, hits, y);
}

/** How likely each date is, as a hill between the looks: its highest point has one height in all rows. */
function hill(pen, scale, { posterior }, ink) {
  const { edges, mass } = posterior;
  if (!mass.length || scale.x(edges.at(-1)) < 0 || scale.x(edges[0]) > scale.width) return;
  const dense = mass.map((m, n) => m / Math.max(1e-9, edges[n + 1] - edges[n]));
  const peak = Math.max(...dense);
  pen.beginPath();
  pen.moveTo(scale.x(edges[0]), BASE);
  dense.forEach((one, n) => {
    const high = BASE - (HILL * one) / peak;
    pen.lineTo(scale.x(edges[n]), high);
    pen.lineTo(scale.x(edges[n + 1]), high);
  });
  pen.lineTo(scale.x(edges.at(-1)), BASE);
  pen.closePath();
  pen.fillStyle = ink.muted;
  pen.globalAlpha = 0.34;
  pen.fill();
  pen.globalAlpha = 1;
}

function segmentBar(pen, scale, segment, styles, ink, hits, y, one) {
  const style = styles[segment.state];
  const x0 = Math.max(-2, scale.x(segment.first));
  const x1 = Math.min(scale.width + 2, Math.max(scale.x(segment.last), scale.x(segment.first) + 3));
  if (x1 < 0 || x0 > scale.width || !style) return null;
  const high = Math.max(2.2, FULL * style.height);
  pen.fillStyle = ink[segment.state];
  if (style.hatch) hatch(pen, x0, BASE - high, x1 - x0, high, style.hatch, ink[segment.state]);
  else pen.fillRect(x0, BASE - high, x1 - x0, high);
  hits.push({ x0, x1, y0: y + BASE - FULL, y1: y + BASE + 1, kind: "segment", it: segment, of: one });
  return [x0, x1, high];
}

/** Work in progress: stripes on the colour's tint, with an edge so that it reads as one bar. */
function hatch(pen, x, y, wide, high, angle, colour) {
  pen.save();
  pen.beginPath();
  pen.rect(x, y, wide, high);
  pen.clip();
  pen.globalAlpha = 0.25;
  pen.fillRect(x, y, wide, high);
  pen.globalAlpha = 1;
  pen.strokeStyle = colour;
  pen.lineWidth = 2;
  pen.beginPath();
  const slope = angle > 0 ? high : -high;
  for (let at = x - high - (((x % 5) + 5) % 5); at < x + wide + high; at += 5) {
    pen.moveTo(at, y + high);
    pen.lineTo(at + slope, y);
  }
  pen.stroke();
  pen.restore();
  pen.strokeStyle = colour;
  pen.lineWidth = 1;
  pen.strokeRect(x + 0.5, y + 0.5, Math.max(1, wide - 1), high - 1);
}

/** The state's name where there is room: inside a whole bar, above a lower one. */
function labels(pen, segments, edges, styles, ink, scale) {
  pen.font = '11px "Fira Sans", "Noto Sans", sans-serif';
  segments.forEach((segment, n) => {
    if (!edges[n]) return;
    const [x0, x1, high] = [Math.max(0, edges[n][0]), Math.min(scale.width, edges[n][1]), edges[n][2]];
    const text = styles[segment.state].label;
    if (pen.measureText(text).width + 8 > x1 - x0) return;
    const inside = high > 15;
    pen.fillStyle = inside ? ink.on_complete : ink.ink;
    pen.fillText(text, x0 + (inside ? 5 : 1), inside ? BASE - 5 : BASE - high - 3);
  });
}

/** The bracket: thin from end to end, thicker over 90 % and thickest over 50 % of the probability. */
function bracketBar(pen, scale, change, ink, hits, y, one) {
  const x0 = change.after === null ? -4 : scale.x(change.after);
  const x1 = change.by === null ? scale.width + 4 : scale.x(change.by);
  if (x1 < 0 || x0 > scale.width) return;
  pen.fillStyle = ink.ink;
  pen.fillRect(x0, BRACKET - 0.5, x1 - x0, 1);
  for (const [at, known] of [
    [x0, change.after !== null],
    [x1, change.by !== null],
  ])
    if (known) pen.fillRect(at - 0.5, BRACKET - 4, 1, 8);
  if (change.after !== null && change.by !== null) {
    for (const [[a, b], thick] of [
      [change.interval90, 2.6],
      [change.interval50, 5],
    ]) {
      pen.fillRect(scale.x(a), BRACKET - thick / 2, Math.max(1, scale.x(b) - scale.x(a)), thick);
    }
  }
  hits.push({
    x0: Math.min(x0, x1 - 6),
    x1: Math.max(x1, x0 + 6),
    y0: y + BASE + 2,
    y1: y + BRACKET + 4,
    kind: "change",
    it: change,
    of: one,
  });
}

/** Every look: filled where it tells a state, hollow where it could not, half where unsure; a diamond for the machine. */
function looks(pen, at, one, hits, y) {
  const { scale, model, ink, scene } = at;
  const all = (model.looksOf.get(one.id) ?? []).filter((look) => look.t !== null);
  const spots = new Map();
  for (const look of all) {
    const x = scale.x(look.t);
    if (x < -6 || x > scale.width + 6) continue;
    const key = Math.round(x * 2);
    if (!spots.has(key)) spots.set(key, []);
    spots.get(key).push(look);
  }
  const radius = Math.min(3.8, Math.max(1.9, (0.62 * scale.width) / Math.max(1, spots.size)));
  for (const [key, held] of spots) {
    const x = key / 2;
    dot(pen, x, held, radius, ink, model.styles, scene);
    hits.push({
      x0: x - Math.max(4, radius),
      x1: x + Math.max(4, radius),
      y0: y + DOTS - 7,
      y1: y + DOTS + 7,
      kind: "look",
      it: held[0],
      all: held,
      of: one,
    });
  }
}

function dot(pen, x, held, radius, ink, styles, scene) {
  const told = [...new Set(held.map((look) => look.canonical).filter(Boolean))];
  const unsure = told.length === 1 && held.every((look) => !look.canonical || look.confidence === "low");
  if (held.some((look) => look.scene === scene && scene)) {
    pen.strokeStyle = ink.ink;
    pen.lineWidth = 1.2;
    pen.beginPath();
    pen.arc(x, DOTS, radius + 2.6, 0, 2 * Math.PI);
    pen.stroke();
  }
  const shape = () => {
    pen.beginPath();
    if (held.every((look) => look.machine)) {
      const r = radius * 1.25;
      pen.moveTo(x, DOTS - r);
      pen.lineTo(x + r, DOTS);
      pen.lineTo(x, DOTS + r);
      pen.lineTo(x - r, DOTS);
      pen.closePath();
    } else pen.arc(x, DOTS, radius, 0, 2 * Math.PI);
  };
  shape();
  pen.fillStyle = ink.paper;
  pen.fill();
  if (told.length) {
    pen.save();
    shape();
    pen.clip();
    told.slice(0, 2).forEach((state, n) => {
      pen.fillStyle = styles[state] ? ink[state] : ink.muted;
      const half = unsure || told.length > 1;
      pen.fillRect(half && n ? x : x - radius * 1.3, DOTS - radius * 1.3, half ? radius * 1.3 : radius * 2.6, radius * 2.6);
    });
    pen.restore();
  }
  shape();
  pen.strokeStyle = told.length ? ink[told[0]] : ink.muted;
  pen.lineWidth = 1.1;
  pen.stroke();
}
