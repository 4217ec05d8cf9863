// What a comparison can be steered by, over the map: how often it blinks, how far B shines through.

import { blinkRates } from "./compare.js";
import { at, button, fill, h } from "./dom.js";

/** Changes a second at first: none where the person asked for reduced motion. */
export function firstRate() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 1;
}

export function buildPairBar({ store, act }) {
  const root = at("pairbar");
  const opacity = h("input", {
    type: "range",
    min: 0,
    max: 100,
    "aria-label": "Opacity of scene B in per cent",
    id: "opacity",
  });
  opacity.addEventListener("input", () => store.set({ opacity: opacity.valueAsNumber / 100 }));
  const slide = h("label", { class: "slide" }, h("span", {}, "A"), opacity, h("span", {}, "B"));
  const names = { 0: "by hand", 1: "once a second", 2: "twice a second", 3: "three times a second" };
  const rate = h(
    "select",
    { "aria-label": "How often it blinks" },
    blinkRates.map((one) => h("option", { value: one }, names[one])),
  );
  rate.addEventListener("change", () => store.set({ rate: Number(rate.value) }));
  const front = h("b", { "aria-live": "off" });
  const flip = button(
    ["Flip ", h("kbd", {}, ".")],
    () => store.set({ rate: 0, front: store.get().front === "a" ? "b" : "a" }),
    { class: "btn small" },
  );
  const swap = button(["Swap ", h("kbd", {}, "g")], () => act.swap(), { class: "btn small plain" });
  const end = button("One scene", () => act.mode("single"), { class: "btn small plain", title: "End the comparison (Esc)" });
  fill(root, front, rate, flip, slide, swap, end);

  const draw = ({ mode, rate: held, front: shown, opacity: share, draft }) => {
    root.hidden = mode === "single" || draft !== null;
    slide.hidden = mode !== "opacity";
    front.hidden = rate.hidden = flip.hidden = mode !== "blink";
    front.textContent = (shown ?? "b").toUpperCase();
    rate.value = String(held ?? firstRate());
    if (document.activeElement !== opacity) opacity.value = String(Math.round(share * 100));
  };
  store.on(["mode", "rate", "front", "opacity", "draft"], draw);
  draw(store.get());
}
