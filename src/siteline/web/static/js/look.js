// Colours and marks of states: height says how much stands, texture that work goes on, so nothing rests on colour alone.

import { s } from "./dom.js";

/** The colour `name` of the theme that is on, such as "ink" or "being_built". */
export function colour(name) {
  return getComputedStyle(document.documentElement)
    .getPropertyValue(`--${name.replaceAll("_", "-")}`)
    .trim();
}

/** Every colour of the theme that is on, read once for a drawing. @returns {Record<string, string>} */
export function palette(styles) {
  const names = ["paper", "ink", "muted", "hair", "wash", "event", "link", "on_complete", ...Object.keys(styles)];
  return Object.fromEntries(names.map((one) => [one, colour(one)]));
}

/** Light or dark, as the page is now. */
export function themeNow() {
  return document.documentElement.dataset.theme === "dark" ? "dark" : "light";
}

/** The colour of a canonical state; that of words about no state where it is null. */
export function stateColour(styles, state) {
  return state && styles[state] ? styles[state][themeNow()] : colour("muted");
}

/** A word for a canonical state. */
export function stateLabel(styles, state) {
  return state ? (styles[state]?.label ?? state.replaceAll("_", " ")) : "";
}

let marks = 0;

/** A small picture of a state: a bar as high as the structure stands, hatched for work; a ring where nothing is held. */
export function mark(styles, state, kind = "held") {
  const box = s("svg", { class: "mark", viewBox: "0 0 14 14", "aria-hidden": "true" });
  if (!state || !styles[state]) {
    box.append(
      s("circle", {
        cx: 7,
        cy: 7,
        r: 4.6,
        fill: "none",
        stroke: "currentColor",
        "stroke-width": 1.4,
        "stroke-dasharray": kind === "between" ? "2 2" : null,
      }),
    );
    return box;
  }
  const style = styles[state];
  const ink = `var(--${state.replaceAll("_", "-")})`;
  const high = Math.max(2, 13 * style.height);
  let paint = ink;
  if (style.hatch) {
    const id = `hatch-${++marks}`;
    const line = s("rect", { width: 2, height: 4, fill: ink });
    const turn = `rotate(${style.hatch})`;
    box.append(
      s(
        "defs",
        {},
        s("pattern", { id, width: 3.6, height: 4, patternUnits: "userSpaceOnUse", patternTransform: turn }, line),
      ),
    );
    paint = `url(#${id})`;
  }
  box.append(s("path", { d: "M0 13.6H14", stroke: "currentColor", "stroke-width": 0.8, opacity: 0.5 }));
  box.append(
    s("rect", {
      x: 1,
      y: 13.4 - high,
      width: 12,
      height: high,
      fill: paint,
      stroke: style.hatch ? ink : "none",
      "stroke-width": 0.8,
    }),
  );
  return box;
}

/** What is held of a structure at a moment, in words. */
export function heldWords(styles, held) {
  const label = (segment) => stateLabel(styles, segment.state);
  if (held.kind === "held") return label(held.last);
  if (held.kind === "between") {
    return held.last.state === held.next.state
      ? `${label(held.last)} before and after`
      : `${label(held.last)} or ${label(held.next)}`;
  }
  if (held.kind === "before") return `no look yet; later ${label(held.next)}`;
  if (held.kind === "after") return `last seen ${label(held.last)}`;
  return "no look tells its state";
}
