// Two scenes on one another: swipe with the compare plugin (and keys), blink at a bounded rate, or let one shine through.

/* global maplibregl */
import { at } from "./dom.js";
import { firstRate } from "./pairbar.js";

const RATES = [0, 1, 2, 3]; // changes a second; three is the most that WCAG 2.3.1 lets flash
const STEP = 0.02;

/** Changes a second that may be chosen. */
export const blinkRates = RATES;

export function makeCompare({ store }, sheets) {
  let plugin = null;
  let timer = 0;

  const endSwipe = () => {
    plugin?.remove();
    plugin = null;
  };
  const endBlink = () => {
    clearInterval(timer);
    timer = 0;
  };

  const place = (share) => {
    const wide = at("maps").clientWidth;
    plugin?.setSlider(Math.min(1, Math.max(0, share)) * wide);
    handle()?.setAttribute("aria-valuenow", String(Math.round(share * 100)));
  };
  const handle = () => at("maps").querySelector(".compare-swiper-vertical");

  function swipe() {
    if (!plugin) {
      plugin = new maplibregl.Compare(sheets.a.map, sheets.b.map, at("maps"), {});
      dress(handle(), store);
      plugin.on("slideend", ({ currentPosition }) =>
        store.set({ swipe: currentPosition / Math.max(1, at("maps").clientWidth) }),
      );
    }
    place(store.get().swipe);
  }

  function blink() {
    endBlink();
    const rate = Math.min(RATES.at(-1), store.get().rate ?? firstRate());
    if (rate) timer = setInterval(flip, 1000 / rate);
    store.set({ front: store.get().front ?? "b" });
  }

  const flip = () => store.set({ front: store.get().front === "a" ? "b" : "a" });

  /** The layout of both maps for the mode that is on. */
  function put() {
    const { mode, opacity, front } = store.get();
    const on = mode !== "single" && sheets.b;
    const b = at("map-b");
    if (mode !== "swipe" || !on) endSwipe();
    if (mode !== "blink") endBlink();
    b.hidden = !on;
    at("mapwrap").classList.toggle("pair", Boolean(on));
    b.classList.toggle("off", Boolean(on && mode === "blink" && front === "a"));
    b.style.opacity = on && mode === "opacity" ? String(opacity) : "";
    b.style.pointerEvents = on && mode !== "swipe" ? "none" : "";
    if (!on) return;
    if (mode === "swipe") (sheets.b.map.resize(), swipe());
    else follow(sheets);
    if (mode === "blink" && !timer) blink();
  }

  sheets.a.map.on("move", () => sheets.b && !at("map-b").hidden && !plugin && follow(sheets));
  sheets.a.map.on("resize", () => plugin && requestAnimationFrame(() => place(store.get().swipe)));
  store.on(["mode"], () => store.set({ front: "b" }));
  store.on(["rate"], () => store.get().mode === "blink" && blink());
  store.on(["mode", "opacity", "front"], () => (store.get().mode === "single" || sheets.b) && put());
  store.on(["swipe"], () => plugin && place(store.get().swipe));

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

/** The plugin's handle made a slider that keys and assistive technology can move. */
function dress(handle, store) {
  for (const [name, value] of Object.entries({
    role: "slider",
    tabindex: "0",
    "aria-label": "Border between the scenes",
    "aria-valuemin": "0",
    "aria-valuemax": "100",
    "aria-orientation": "horizontal",
  }))
    handle.setAttribute(name, value);
  handle.addEventListener("keydown", (event) => {
    const now = store.get().swipe;
    const by = event.shiftKey ? 5 * STEP : STEP;
    const to = { ArrowLeft: now - by, ArrowRight: now + by, Home: 0, End: 1 }[event.key];
    if (to === undefined) return;
    store.set({ swipe: Math.min(1, Math.max(0, to)) });
    event.preventDefault();
    event.stopPropagation();
  });
}
