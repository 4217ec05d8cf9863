// Pointer and keys on the time line: move time, pan, zoom, choose what was hit, say what is under the pointer.

import { held, zoomed } from "./timescale.js";
import { hideTip, showTip } from "./tip.js";
import { changeTip, eventTip, lookTip, sceneTip, segmentTip } from "./tips.js";
import { ROW } from "./timerows.js";

const SETTLE_MS = 140; // a scene is loaded once the cursor rests

export function followPointer(line) {
  const { store, top, canvas, rows, grip } = line;
  for (const [target, hits] of [
    [top, () => line.hits.top],
    [canvas, () => line.hits.rows],
  ]) {
    target.addEventListener("pointermove", (event) => event.buttons === 0 && hover(line, event, hits()));
    target.addEventListener("pointerleave", hideTip);
    target.addEventListener("wheel", (event) => wheel(line, event, target === top), { passive: false });
  }
  dragging(top, { begin: () => pan(line), click: (event) => chooseTop(line, event) });
  dragging(canvas, { begin: () => scrub(line), click: (event) => chooseRow(line, event), touch: true });
  dragging(grip, { begin: () => scrub(line), click: () => {} });
  grip.addEventListener("keydown", (event) => keys(line, event));
  rows.addEventListener("keydown", (event) => event.target === rows && keys(line, event));
  pinch(line, top);
  store.on(["mode"], hideTip);
}

/** Where an event is on the plot, in its pixels. */
function xOf({ canvas }, event) {
  return event.clientX - canvas.getBoundingClientRect().left;
}

function hit(hits, event) {
  const box = event.currentTarget.getBoundingClientRect();
  const [x, y] = [event.clientX - box.left, event.clientY - box.top];
  const inside = hits.filter((one) => x >= one.x0 && x <= one.x1 && y >= one.y0 && y <= one.y1);
  inside.sort((a, b) => Math.abs((a.x0 + a.x1) / 2 - x) - Math.abs((b.x0 + b.x1) / 2 - x));
  const order = ["look", "scene", "change", "event", "segment"];
  return order.map((kind) => inside.find((one) => one.kind === kind)).find(Boolean) ?? null;
}

function hover({ store }, event, hits) {
  const found = hit(hits, event);
  event.currentTarget.classList.toggle("over", Boolean(found));
  if (!found) return hideTip();
  const { model } = store.get();
  const said = {
    scene: () => sceneTip(found.it),
    event: () => eventTip(found.it),
    segment: () => segmentTip(model.styles, found.it),
    change: () => changeTip(model.styles, found.it),
    look: () => found.all.slice(0, 6).flatMap((look) => lookTip(model, look)),
  };
  return showTip(event, said[found.kind]());
}

/** A press that moves is a drag, one that does not is a click. */
function dragging(target, { begin, click, touch = false }) {
  target.addEventListener("pointerdown", (down) => {
    if (down.button !== 0 || (touch && down.pointerType === "touch")) return;
    hideTip();
    const drag = begin(down);
    let far = false;
    target.setPointerCapture(down.pointerId);
    const move = (event) => {
      if (!far && Math.abs(event.clientX - down.clientX) < 4) return;
      far = true;
      drag.move(event, event.clientX - down.clientX);
    };
    const up = (event) => {
      target.removeEventListener("pointermove", move);
      target.removeEventListener("pointerup", up);
      target.removeEventListener("pointercancel", up);
      if (far) drag.end?.(event);
      else if (event.type === "pointerup") click(event);
    };
    target.addEventListener("pointermove", move);
    target.addEventListener("pointerup", up);
    target.addEventListener("pointercancel", up);
  });
  if (touch) target.addEventListener("click", (event) => event.pointerType === "touch" && click(event));
}

function pan(line) {
  const from = line.store.get().window;
  return {
    move(event, by) {
      const days = by / line.scale.each;
      line.store.set({ window: held([from[0] - days, from[1] - days], line.extent) });
    },
  };
}

/** Time follows the pointer at once, the scene when it rests. */
function scrub(line) {
  let timer = 0;
  return {
    move(event) {
      const time = Math.min(line.scale.t1, Math.max(line.scale.t0, line.scale.t(xOf(line, event))));
      line.store.set({ time });
      clearTimeout(timer);
      timer = setTimeout(() => line.act.time(time), SETTLE_MS);
    },
    end(event) {
      clearTimeout(timer);
      line.act.time(Math.min(line.scale.t1, Math.max(line.scale.t0, line.scale.t(xOf(line, event)))));
    },
  };
}

function chooseTop(line, event) {
  const found = hit(line.hits.top, event);
  if (found?.kind === "scene") return line.act.scene(found.it.id);
  return line.act.time(found?.kind === "event" ? found.it.first : line.scale.t(xOf(line, event)));
}

function chooseRow(line, event) {
  const { store, act, canvas, rows } = line;
  const { model } = store.get();
  const found = hit(line.hits.rows, event);
  const n = Math.floor((event.clientY - canvas.getBoundingClientRect().top + rows.scrollTop) / ROW);
  if (model.structures[n]) act.structure(model.structures[n].id);
  if (found?.kind === "look") {
    const scene = model.sceneById.get(found.it.scene);
    return scene ? act.scene(scene.id) : act.time(found.it.t);
  }
  return act.time(line.scale.t(xOf(line, event)));
}

function wheel(line, event, always) {
  const { store, scale } = line;
  const { window } = store.get();
  const sideways = Math.abs(event.deltaX) > Math.abs(event.deltaY);
  if (event.shiftKey || sideways) {
    const days = ((sideways ? event.deltaX : event.deltaY) * 0.8) / scale.each;
    store.set({ window: held([window[0] + days, window[1] + days], line.extent) });
  } else if (event.ctrlKey || always) {
    store.set({
      window: zoomed(
        window,
        Math.exp(Math.min(60, Math.max(-60, event.deltaY)) / 160),
        scale.t(xOf(line, event)),
        line.extent,
      ),
    });
  } else return;
  event.preventDefault();
}

/** Two fingers on the axis: zoom about their middle. */
function pinch(line, target) {
  const fingers = new Map();
  let before = null;
  target.addEventListener(
    "pointerdown",
    (event) => event.pointerType === "touch" && fingers.set(event.pointerId, event.clientX),
  );
  target.addEventListener("pointermove", (event) => {
    if (!fingers.has(event.pointerId)) return;
    fingers.set(event.pointerId, event.clientX);
    if (fingers.size !== 2) return;
    const [a, b] = [...fingers.values()];
    const apart = Math.max(12, Math.abs(a - b));
    if (before)
      line.store.set({
        window: zoomed(
          line.store.get().window,
          before / apart,
          line.scale.t(xOf(line, { clientX: (a + b) / 2 })),
          line.extent,
        ),
      });
    before = apart;
  });
  for (const end of ["pointerup", "pointercancel"])
    target.addEventListener(end, (event) => (fingers.delete(event.pointerId), (before = null)));
}

/** Arrow keys step through all scenes, so that the reason of an unusable one is read out; with Shift by a day. */
function keys(line, event) {
  const { store, act, extent } = line;
  const { model, time, window } = store.get();
  const step = (by) => {
    const pool = model.scenes;
    const next = by > 0 ? pool.find((one) => one.t > time + 1e-6) : pool.findLast((one) => one.t < time - 1e-6);
    if (!next) return;
    if (next.pixels) act.scene(next.id);
    else act.time(next.t);
  };
  const shift = (days) => act.time(Math.min(extent[1], Math.max(extent[0], time + days)));
  const zoom = (factor) => store.set({ window: zoomed(window, factor, time, extent) });
  const all = {
    ArrowRight: () => (event.shiftKey ? shift(1) : step(1)),
    ArrowLeft: () => (event.shiftKey ? shift(-1) : step(-1)),
    ArrowUp: () => act.stepStructure(-1),
    ArrowDown: () => act.stepStructure(1),
    PageUp: () => shift(-30),
    PageDown: () => shift(30),
    Home: () => act.time(extent[0]),
    End: () => act.time(extent[1]),
    "+": () => zoom(1 / 1.6),
    "=": () => zoom(1 / 1.6),
    "-": () => zoom(1.6),
    0: () => store.set({ window: held(model.period, extent) }),
  };
  if (!all[event.key]) return;
  all[event.key]();
  event.preventDefault();
  event.stopPropagation();
  keepInView(line);
}

function keepInView({ store, extent }) {
  const { time, window } = store.get();
  const long = window[1] - window[0];
  if (time < window[0] || time > window[1]) store.set({ window: held([time - long / 2, time + long / 2], extent) });
}
