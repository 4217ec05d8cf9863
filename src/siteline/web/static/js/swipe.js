// Swipe: the compare plugin shows A left and B right of a border, which the pointer and the arrow keys move.

/* global maplibregl */
import { at } from "./dom.js";

const STEP = 0.02; // of the width; with Shift five times that
const ROLE = {
  role: "slider",
  tabindex: "0",
  "aria-label": "Border between the scenes",
  "aria-valuemin": "0",
  "aria-valuemax": "100",
  "aria-orientation": "horizontal",
};

export function makeSwipe(store, sheets) {
  let plugin = null;
  const handle = () => at("maps").querySelector(".compare-swiper-vertical");
  const place = () => {
    const share = Math.min(1, Math.max(0, store.get().swipe));
    plugin?.setSlider(share * at("maps").clientWidth);
    handle()?.setAttribute("aria-valuenow", String(Math.round(share * 100)));
  };
  sheets.a.map.on("resize", () => plugin && requestAnimationFrame(place));
  store.on(["swipe"], place);
  return {
    /** Whether the plugin is at work; it then also keeps both maps together. */
    on: () => plugin !== null,
    begin() {
      sheets.b.map.resize();
      if (!plugin) {
        plugin = new maplibregl.Compare(sheets.a.map, sheets.b.map, at("maps"), {});
        const wide = () => Math.max(1, at("maps").clientWidth);
        plugin.on("slideend", ({ currentPosition }) => store.set({ swipe: currentPosition / wide() }));
        dress(handle(), store);
      }
      place();
    },
    end() {
      plugin?.remove();
      plugin = null;
    },
  };
}

/** The plugin's handle made a slider that keys and assistive technology can move. */
function dress(handle, store) {
  for (const [name, value] of Object.entries(ROLE)) handle.setAttribute(name, value);
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

/** Give the border the focus once it is there: arrows then move it. */
export function takeBorder(tries = 30) {
  const handle = document.querySelector(".compare-swiper-vertical[tabindex]");
  if (handle) handle.focus({ preventScroll: true });
  else if (tries > 0) setTimeout(takeBorder, 100, tries - 1);
}
