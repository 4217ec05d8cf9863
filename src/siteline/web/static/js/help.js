// All keys in one place, and the switch that turns single-letter keys off.

import { dialog } from "./dialogs.js";
import { h } from "./dom.js";
import { keep, kept } from "./kept.js";

const KEYS = [
  [
    "Scenes and time",
    [
      ["n p", "next, previous scene"],
      ["c", "hatch what is masked"],
      ["← →", "on the time line: previous, next scene"],
      ["+ −", "on the time line: zoom"],
      ["0", "on the time line: the whole period"],
    ],
  ],
  [
    "Structures",
    [
      ["j k", "next, previous structure"],
      ["f", "show it on the map"],
      ["v", "what stands at this time, as a board"],
      ["/", "search"],
    ],
  ],
  [
    "Compare",
    [
      ["s", "swipe; ← → move the border"],
      ["b", "blink"],
      ["o", "opacity"],
      ["g", "swap A and B"],
      [".", "while blinking: flip by hand"],
      ["Esc", "one scene again"],
    ],
  ],
  [
    "Observe",
    [
      ["1 … 9", "state"],
      ["h m l", "confidence high, medium, low"],
      ["Enter", "save the look"],
      ["u", "undo the last change"],
      ["x", "blind mode"],
    ],
  ],
  [
    "Draw a footprint",
    [
      ["d", "draw, or correct"],
      ["Space", "add a corner at the middle of the map"],
      ["Backspace", "take the last corner away"],
      ["Enter", "finish"],
      ["Esc", "leave"],
    ],
  ],
  [
    "Panel",
    [
      ["Shift 1 … 4", "Structure, Observe, Weigh, Journal"],
      ["?", "this page"],
    ],
  ],
];

/** Whether single-letter keys are on. */
export function lettersOn() {
  return kept("letters", "on") === "on";
}

export function help() {
  return dialog("Keys", () => {
    const box = h("input", { type: "checkbox", on: { change: () => keep("letters", box.checked ? "on" : "off") } });
    box.checked = lettersOn();
    return [
      h("p", { class: "muted" }, "Everything works with the keyboard alone. Letters act while no text field has the focus."),
      h("label", { class: "check" }, box, "Single-letter keys are on"),
      h(
        "div",
        { class: "keys" },
        KEYS.map(([title, rows]) =>
          h(
            "section",
            {},
            h("h3", {}, title),
            h(
              "ul",
              {},
              rows.map(([keys, what]) =>
                h(
                  "li",
                  {},
                  h(
                    "span",
                    { class: "k" },
                    keys.split(" ").map((one) => (one === "…" ? "…" : h("kbd", {}, one))),
                  ),
                  h("span", {}, what),
                ),
              ),
            ),
          ),
        ),
      ),
    ];
  });
}
