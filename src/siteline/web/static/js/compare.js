// Two scenes on one another: swipe with the compare plugin (and keys), blink at a bounded rate, or let one shine through.

import { at } from "./dom.js";
import { firstRate } from "./pairbar.js";
import { makeSwipe } from "./swipe.js";

/** Changes a second that may be chosen; three is the most that WCAG 2.3.1 lets flash. */
export const blinkRates = [0, 1, 2, 3];

export function makeCompare({ store }, sheets) {
  const swipe = makeSwipe(store, sheets);
  let timer = 0;
  const flip = () => store.set({ front: store.get().front === "a" ? "b" : "a" });
  const still = () => {
    clearInterval(timer);
    timer = 0;
  };
  const blink = () => {
    still();
    const rate = Math.min(blinkRates.at(-1), store.get().rate ?? firstRate());
    if (rate) timer = setInterval(flip, 1000 / rate);
  };

  /** The layout of both maps for the mode that is on. */
  function put() {
    const { mode, opacity, front } = store.get();
    const on = mode !== "single" && sheets.b !== null;
    const b = at("map-b");
    if (mode !== "swipe" || !on) swipe.end();
    if (mode !== "blink") still();
    b.hidden = !on;
    b.classList.toggle("off", on && mode === "blink" && front === "a");
    b.style.opacity = on && mode === "opacity" ? String(opacity) : "";
    b.style.pointerEvents = on && mode !== "swipe" ? "none" : "";
    if (!on) return;
    if (mode === "swipe") swipe.begin();
    else follow(sheets);
    if (mode === "blink" && !timer) blink();
  }

  sheets.a.map.on("move", () => sheets.b && !at("map-b").hidden && !swipe.on() && follow(sheets));
  store.on(["mode"], () => store.set({ front: "b" }));
  store.on(["rate"], () => store.get().mode === "blink" && blink());
  store.on(["mode", "opacity", "front"], () => (store.get().mode === "single" || sheets.b) && put());

  return {
    put,
    /** Keys while two scenes are compared. @param {KeyboardEvent} event */
    key(event) {
      if (store.get().mode !== "blink" || event.key !== ".") return false;
      flip();
      store.set({ rate: 0 });
      return true;
    },
  };
}

function follow(sheets) {
  const map = sheets.a.map;
  sheets.b.map.jumpTo({ center: map.getCenter(), zoom: map.getZoom() });
}
