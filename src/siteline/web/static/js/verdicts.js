// Verdicts on claims: a word, with a shape as well as a colour.

import { h, s } from "./dom.js";

/** In the order in which they are read: what goes too far first. */
export const VERDICTS = ["goes further than the evidence", "contradicted", "supported", "consistent", "not testable"];

const SHAPES = {
  supported: ["M2 7.5 5.5 11 12 3", "--complete", true],
  consistent: ["M2 7H12", "--being-built", true],
  "goes further than the evidence": ["M2 7H11M7 3 11 7 7 11", "--being-dismantled", true],
  contradicted: ["M3 3 11 11M11 3 3 11", "--event", true],
  "not testable": ["M7 7m-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0", "--dismantled", true],
};

/** The sign of a verdict. */
export function verdictSign(verdict) {
  const [path, colour] = SHAPES[verdict] ?? SHAPES["not testable"];
  return s(
    "svg",
    { class: "mark", viewBox: "0 0 14 14", "aria-hidden": "true" },
    s("path", {
      d: path,
      fill: "none",
      stroke: `var(${colour})`,
      "stroke-width": 2.4,
      "stroke-linecap": "round",
      "stroke-linejoin": "round",
    }),
  );
}

/** Sign and word. */
export function verdictMark(verdict) {
  return h("span", { class: "verdict" }, verdictSign(verdict), verdict);
}
