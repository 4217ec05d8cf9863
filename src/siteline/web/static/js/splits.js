// The borders between map, panel and time line can be moved, with the pointer or the arrow keys.

import { at } from "./dom.js";
import { keep, kept } from "./kept.js";

export function buildSplits() {
  const root = document.documentElement;
  border(at("split-panel"), {
    name: "panel-width",
    read: () => at("panel").offsetWidth,
    limits: () => [340, Math.max(340, innerWidth - 380)],
    from: (event) => innerWidth - event.clientX,
    keys: { ArrowLeft: 24, ArrowRight: -24 },
    root,
  });
  border(at("split-time"), {
    name: "time-height",
    read: () => at("time").offsetHeight,
    limits: () => [150, Math.max(150, innerHeight - 320)],
    from: (event) => innerHeight - event.clientY,
    keys: { ArrowUp: 24, ArrowDown: -24 },
    root,
  });
}

function border(handle, { name, read, limits, from, keys, root }) {
  const put = (size, store = true) => {
    const [low, high] = limits();
    const held = Math.round(Math.min(high, Math.max(low, size)));
    root.style.setProperty(`--${name}`, `${held}px`);
    handle.setAttribute("aria-valuenow", String(held));
    handle.setAttribute("aria-valuemin", String(low));
    handle.setAttribute("aria-valuemax", String(high));
    if (store) keep(name, String(held));
    dispatchEvent(new Event("resize"));
  };
  const before = Number(kept(name));
  put(before || read(), false);
  if (!before) root.style.removeProperty(`--${name}`);
  handle.addEventListener("keydown", (event) => {
    if (!keys[event.key]) return;
    put(read() + keys[event.key]);
    event.preventDefault();
    event.stopPropagation();
  });
  handle.addEventListener("pointerdown", (down) => {
    handle.setPointerCapture(down.pointerId);
    const move = (event) => put(from(event));
    handle.addEventListener("pointermove", move);
    handle.addEventListener("lostpointercapture", () => handle.removeEventListener("pointermove", move), { once: true });
  });
}
