// The head of the time line: events by name, every scene as a tick whose height says of what use it is, and the axis.

import { themeNow } from "./look.js";
import { ticks } from "./timescale.js";
import { eventName } from "./words.js";

export const TOP = 78;
const LANE = { foot: 46, usable: 22, partly: 13, not: 6 };
const TEXT = '12px "Fira Sans", "Noto Sans", sans-serif';
const BOLD = `600 ${TEXT}`;

/**
 * @param {CanvasRenderingContext2D} pen @param {any} scale @param {any} model @param {Record<string, string>} ink
 * @param {{scene: string, other: string, mode: string}} shown @returns {any[]} what is under which pixel
 */
export function drawTop(pen, scale, model, ink, shown) {
  const hits = [];
  pen.clearRect(0, 0, scale.width, TOP);
  events(pen, scale, model, ink, hits);
  scenes(pen, scale, model, ink, shown, hits);
  axis(pen, scale, ink);
  return hits;
}

function events(pen, scale, model, ink, hits) {
  const dated = model.events.filter((one) => one.first !== null);
  pen.fillStyle = ink.event;
  for (const event of dated.filter((one) => !one.key)) {
    const x = scale.x(event.first);
    if (x < -4 || x > scale.width + 4) continue;
    pen.globalAlpha = 0.55;
    pen.fillRect(x - 0.5, 17, 1, 5);
    pen.globalAlpha = 1;
    hits.push({ x0: x - 3, x1: x + 3, y0: 12, y1: 23, kind: "event", it: event });
  }
  let free = -Infinity;
  for (const event of dated.filter((one) => one.key).sort((a, b) => a.first - b.first)) {
    const [x0, x1] = [scale.x(event.first), Math.max(scale.x(event.last ?? event.first), scale.x(event.first) + 2)];
    if (x1 < 0 || x0 > scale.width) continue;
    pen.fillStyle = ink.event;
    pen.globalAlpha = themeNow() === "dark" ? 0.28 : 0.16;
    pen.fillRect(x0, 16, x1 - x0, TOP - 16);
    pen.globalAlpha = 1;
    pen.fillRect(x0, 16, x1 - x0, 2);
    hits.push({ x0: x0 - 2, x1: x1 + 2, y0: 0, y1: 24, kind: "event", it: event });
    pen.font = BOLD;
    const text = clip(pen, eventName(event), Math.max(90, Math.min(260, scale.width - Math.max(0, x0) - 4)));
    const wide = pen.measureText(text).width;
    const at = Math.min(Math.max(0, x0), scale.width - wide);
    if (at < free) continue;
    pen.fillText(text, at, 12);
    hits.push({ x0: at, x1: at + wide, y0: 0, y1: 15, kind: "event", it: event });
    free = at + wide + 14;
  }
}

function scenes(pen, scale, model, ink, shown, hits) {
  for (const scene of model.scenes) {
    const x = scale.x(scene.t);
    if (x < -3 || x > scale.width + 3) continue;
    const high = model.blind ? 13 : LANE[scene.status];
    const full = scene.status === "usable" && !model.blind;
    pen.fillStyle = full ? ink.ink : ink.muted;
    const wide = full ? 1.8 : 1.3;
    if (scene.pixels || !model.drawable.length) pen.fillRect(x - wide / 2, LANE.foot - high, wide, high);
    else {
      pen.strokeStyle = pen.fillStyle; // somebody looked, but the case has no pixels: an open tick
      pen.lineWidth = 0.9;
      pen.strokeRect(x - 1.5, LANE.foot - high + 0.5, 3, high - 1);
    }
    hits.push({ x0: x - 3, x1: x + 3, y0: 22, y1: 50, kind: "scene", it: scene });
  }
  const letters =
    shown.mode === "single"
      ? [[shown.scene, ""]]
      : [
          [shown.scene, "A"],
          [shown.other, "B"],
        ];
  const apart =
    letters.length < 2
      ? 0
      : scale.x(model.sceneById.get(shown.other)?.t ?? 0) - scale.x(model.sceneById.get(shown.scene)?.t ?? 0);
  const aside = Math.max(0, 8.5 - Math.abs(apart) / 2) * (apart < 0 ? -1 : 1); // two badges stand beside one another
  for (const [id, letter] of letters)
    chosen(pen, scale, model.sceneById.get(id), letter, ink, letter === "A" ? -aside : aside);
}

/** The scene on screen: a thick tick, with its letter in a comparison. */
function chosen(pen, scale, scene, letter, ink, aside) {
  if (!scene?.pixels) return;
  const x = scale.x(scene.t);
  pen.fillStyle = ink.ink;
  pen.fillRect(x - 1.8, LANE.foot - 24, 3.6, 24);
  if (!letter) return;
  pen.beginPath();
  pen.arc(x + aside, LANE.foot - 20, 7.5, 0, 2 * Math.PI);
  pen.fillStyle = letter === "A" ? ink.ink : ink.paper;
  pen.fill();
  pen.strokeStyle = ink.ink;
  pen.lineWidth = 1.4;
  pen.stroke();
  pen.font = '600 10.5px "Fira Sans", sans-serif';
  pen.textAlign = "center";
  pen.fillStyle = letter === "A" ? ink.paper : ink.ink;
  pen.fillText(letter, x + aside, LANE.foot - 16.2);
  pen.textAlign = "left";
}

function axis(pen, scale, ink) {
  pen.fillStyle = ink.hair;
  pen.fillRect(0, LANE.foot + 0.5, scale.width, 1);
  pen.font = TEXT;
  for (const tick of ticks(scale)) {
    const x = scale.x(tick.t);
    pen.fillStyle = ink.hair;
    pen.fillRect(Math.round(x), LANE.foot, 1, 6);
    const wide = pen.measureText(tick.label).width;
    if (x - wide / 2 < 0 || x + wide / 2 > scale.width) continue;
    pen.fillStyle = tick.major ? ink.ink : ink.muted;
    pen.textAlign = "center";
    pen.fillText(tick.label, x, LANE.foot + 18);
    pen.textAlign = "left";
  }
}

/** A text cut to a width, with an ellipsis. */
export function clip(pen, text, room) {
  if (pen.measureText(text).width <= room) return text;
  let [low, high] = [0, text.length];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (pen.measureText(`${text.slice(0, middle).trimEnd()}…`).width <= room) low = middle;
    else high = middle - 1;
  }
  return low ? `${text.slice(0, low).trimEnd()}…` : "";
}
