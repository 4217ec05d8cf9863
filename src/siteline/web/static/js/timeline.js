// The time line: events, scenes and structures on one axis, drawn on canvas; names and the cursor are real elements.

import { at, button, fill, h, name } from "./dom.js";
import { heldWords, mark, palette } from "./look.js";
import { stateAt } from "./model.js";
import { roving } from "./roving.js";
import { followPointer } from "./timepointer.js";
import { drawRows, ROW } from "./timerows.js";
import { held, makeScale, zoomed } from "./timescale.js";
import { drawTop, TOP } from "./timetop.js";
import { plural, status, taker, usableOf, when } from "./words.js";

export function buildTimeline(page) {
  const { store, act } = page;
  const top = h("canvas", { "aria-hidden": "true" });
  const canvas = h("canvas", { "aria-hidden": "true" });
  const counts = h("div", { class: "names" });
  const tall = h("div", { class: "tall" });
  const rows = h("div", { class: "timerows", tabindex: "-1" }, tall);
  const stick = h("div", { class: "stick" }, canvas);
  const grip = h("div", { class: "grip", id: "grip", role: "slider", tabindex: "0", "aria-label": "Time" });
  const cursor = h("div", { id: "cursor" }, grip);
  const read = h("div", { class: "read" });
  const key = h("div", { class: "key", "aria-hidden": "true" });
  const table = h("div", { class: "hide" });
  const line = { store, act, top, canvas, rows, grip, cursor, hits: { top: [], rows: [] }, scale: null, extent: [0, 1] };
  const body = h("div", { class: "timebody" }, h("div", { class: "timetop" }, counts, top), rows, cursor);
  fill(at("time"), h("div", { class: "timehead" }, read, key, zoomButtons(line)), body, table);
  page.timeline = line;

  line.draw = () => draw(line);
  const names = () => {
    const { model } = store.get();
    tall.style.height = `${model.structures.length * ROW}px`;
    fill(tall, stick, rowNames(store.get(), act));
    fill(counts, headNames(model));
    legend(key, model);
  };
  const stops = roving(tall, ".rowname", ["ArrowUp", "ArrowDown"], () => tall.querySelector("[aria-pressed=true]"));
  const press = ({ structure }) => {
    for (const one of tall.querySelectorAll(".rowname"))
      one.setAttribute("aria-pressed", String(one.dataset.id === structure));
    const n = store.get().model.structures.findIndex((one) => one.id === structure);
    if (n * ROW < rows.scrollTop || (n + 1) * ROW > rows.scrollTop + rows.clientHeight)
      rows.scrollTop = Math.max(0, (n - 1) * ROW);
    stops();
  };
  const later = once(() => draw(line));
  store.on(
    ["model"],
    () => (names(), (line.extent = extentOf(store.get().model)), table.replaceChildren(summary(store.get()))),
  );
  store.on(["structure", "model"], press);
  store.on(["model", "window", "structure", "scene", "other", "mode", "painted"], later);
  store.on(["time", "window", "model", "scene", "looked"], () => moved(line, read));
  rows.addEventListener("scroll", later, { passive: true });
  new ResizeObserver(later).observe(at("time"));
  document.fonts?.ready.then(later);
  fitHeight(store.get().model.structures.length);
  followPointer(line);
  line.extent = extentOf(store.get().model);
  names();
  press(store.get());
  draw(line);
  moved(line, read);
  table.replaceChildren(summary(store.get()));
}

/** The names of the structures, each beside its row. */
function rowNames({ model, structure }, act) {
  return model.structures.map((one, n) => {
    const props = { class: "rowname", "aria-pressed": String(one.id === structure), data: { id: one.id }, title: one.name };
    const made = button(name(one.name), () => act.structure(one.id), props);
    made.style.top = `${n * ROW}px`;
    made.style.height = `${ROW}px`;
    return made;
  });
}

/** What stands beside the head: how many events and scenes there are. */
function headNames(model) {
  const usable = model.scenes.filter((one) => one.status === "usable").length;
  const label = (text, y) => {
    const made = h("span", {}, text);
    made.style.top = `${y}px`;
    return made;
  };
  const total = model.scenes.length;
  const scenes = model.blind ? plural(total, "scene") : usableOf(usable, total);
  return [label(plural(model.events.length, "event"), 0), label(scenes, 29)];
}

/** As high as its rows, up to a third of the page; once only, so that nothing jumps when a structure is added. */
function fitHeight(count) {
  const high = Math.min(286, 36 + TOP + 12 + Math.max(2, count) * ROW);
  document.documentElement.style.setProperty("--time-fit", `${high}px`);
}

/** Run at most once a frame. */
function once(call) {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => ((asked = false), call()));
  };
}

/** From the first to the last moment of anything that is drawn. */
function extentOf(model) {
  const days = [
    ...model.period,
    ...model.scenes.map((one) => one.t),
    ...[...model.looks.map((one) => one.t), ...model.events.map((one) => one.first)].filter((t) => t !== null),
  ];
  let [low, high] = [Infinity, -Infinity];
  for (const day of days) [low, high] = [Math.min(low, day), Math.max(high, day)];
  return high > low ? [low, high] : [low - 30, high + 30];
}

function draw(line) {
  const { store, top, canvas, rows } = line;
  const { model, window, structure, scene, other, mode } = store.get();
  const wide = Math.max(60, rows.clientWidth - gutter(line));
  const high = rows.clientHeight;
  line.scale = makeScale(held(window, line.extent), wide);
  const ink = palette(model.styles);
  line.hits.top = drawTop(pen(top, wide, TOP), line.scale, model, ink, { scene, other, mode });
  line.hits.rows = drawRows(pen(canvas, wide, high), {
    scale: line.scale,
    model,
    ink,
    top: rows.scrollTop,
    height: high,
    structure,
    scene,
  });
  placeCursor(line);
}

function gutter({ rows }) {
  return parseFloat(getComputedStyle(rows).getPropertyValue("--gutter")) || 212;
}

function pen(canvas, wide, high) {
  const dense = devicePixelRatio || 1;
  if (canvas.width !== Math.round(wide * dense) || canvas.height !== Math.round(high * dense)) {
    canvas.width = Math.round(wide * dense);
    canvas.height = Math.round(high * dense);
    canvas.style.width = `${wide}px`;
    canvas.style.height = `${high}px`;
  }
  const made = canvas.getContext("2d");
  made.setTransform(dense, 0, 0, dense, 0, 0);
  return made;
}

function placeCursor(line) {
  const { scale, cursor, store } = line;
  const x = scale.x(store.get().time);
  cursor.hidden = x < -1 || x > scale.width + 1;
  cursor.style.transform = `translateX(${gutter(line) + x}px)`;
}

/** The cursor and the words beside it. */
function moved(line, read) {
  const { model, time, structure, scene, looked } = line.store.get();
  if (line.scale) placeCursor(line);
  const here = model.sceneById.get(looked) ?? model.scenes.find((one) => Math.abs(one.t - time) < 1e-6);
  const one = model.structureById.get(structure);
  const told = here
    ? [taker(here), status(here)].filter(Boolean).join(" · ")
    : model.sceneById.get(scene)?.pixels
      ? `scene shown: ${when(model.sceneById.get(scene).t)}`
      : "";
  const state = one && !model.blind ? heldWords(model.styles, stateAt(one, time)) : "";
  fill(
    read,
    h("b", { class: "num" }, when(time)),
    told && [h("span", { class: "muted" }, "  "), name(told, { class: "muted" })],
  );
  const { grip } = line;
  grip.setAttribute("aria-valuemin", String(Math.floor(line.extent[0])));
  grip.setAttribute("aria-valuemax", String(Math.ceil(line.extent[1])));
  grip.setAttribute("aria-valuenow", time.toFixed(3));
  grip.setAttribute("aria-valuetext", [when(time), told, state && `${one.name}: ${state}`].filter(Boolean).join("; "));
}

function legend(box, model) {
  const used = new Set(model.structures.flatMap((one) => one.segments.map((segment) => segment.state)));
  const states = Object.keys(model.styles).filter((state) => used.has(state));
  fill(
    box,
    states.map((state) => h("span", {}, mark(model.styles, state), model.styles[state].label)),
    h("span", {}, mark(model.styles, null), "could not tell"),
  );
}

/** Zoom by button; the wheel, pinching and keys do the same. */
function zoomButtons(line) {
  const by = (factor) => () =>
    line.store.set({ window: zoomed(line.store.get().window, factor, middle(line), line.extent) });
  const all = () => line.store.set({ window: held(line.store.get().model.period, line.extent) });
  return h(
    "div",
    { class: "zoom", role: "group", "aria-label": "Zoom of the time line" },
    button("−", by(1.6), { class: "btn small", "aria-label": "Show more time" }),
    button("+", by(1 / 1.6), { class: "btn small", "aria-label": "Show less time" }),
    button("Period", all, { class: "btn small", title: "The period of the case" }),
    button("Everything", () => line.store.set({ window: held(line.extent, line.extent) }), {
      class: "btn small",
      title: "All scenes, looks and events",
    }),
    button("Change", () => toChange(line), {
      class: "btn small",
      title: "The change of this structure nearest to the cursor",
    }),
  );
}

function middle({ store }) {
  const { window, time } = store.get();
  return time > window[0] && time < window[1] ? time : (window[0] + window[1]) / 2;
}

/** The weeks about the bracket that is nearest to the cursor. */
function toChange(line) {
  const { model, structure, time } = line.store.get();
  const closed = (model.structureById.get(structure)?.transitions ?? []).filter(
    (one) => one.after !== null && one.by !== null,
  );
  if (!closed.length) return;
  closed.sort((a, b) => Math.abs((a.after + a.by) / 2 - time) - Math.abs((b.after + b.by) / 2 - time));
  const room = Math.max(4, 1.1 * (closed[0].by - closed[0].after));
  line.store.set({ window: held([closed[0].after - room, closed[0].by + room], line.extent) });
}

/** The same in words, for those who do not see the drawing. */
function summary({ model }) {
  const rows = model.structures.map((one) =>
    h("tr", {}, h("th", { scope: "row" }, name(one.name)), h("td", {}, model.blind ? "hidden in blind mode" : one.sentence)),
  );
  return h("table", {}, h("caption", {}, "The time line in words"), h("tbody", {}, rows));
}
