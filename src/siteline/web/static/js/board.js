// The board: what stands at the chosen time, structure by structure. It takes the place of the map where there is none to
// draw, and can be asked for where there is.

import { at, button, fill, h, keepFocus, name } from "./dom.js";
import { heldWords, mark } from "./look.js";
import { stateAt } from "./model.js";
import { plural, when } from "./words.js";

export function buildBoard({ store, act, panel }) {
  const root = at("board");
  const draw = () => {
    const { model, time, structure, draft, data, board } = store.get();
    const bare = !hasMap(model);
    root.hidden = draft !== null || !(bare || board);
    if (root.hidden) return;
    keepFocus(root, () =>
      fill(
        root,
        head(model, time),
        h(
          "div",
          { class: "grid", role: "group", "aria-label": "Structures" },
          model.structures.map((one) => tile(model, one, time, structure, act)),
        ),
        bare && aside(data, panel),
      ),
    );
  };
  store.on(["model", "time", "structure", "draft", "painted", "board"], draw);
  draw();
}

/** Whether there is anything to draw on a map. */
export function hasMap(model) {
  return model.placed.length > 0 || model.drawable.length > 0;
}

function aside({ case: file, structures }, panel) {
  const code = (text) => h("code", {}, text);
  const first = structures.length === 0;
  return [
    h(
      "p",
      { class: "aside" },
      first
        ? [code(`siteline import FOLDER ${file} --merge`), " brings in tables. "]
        : "There is no map yet: no images, and no structure has a place. ",
      code(`siteline find ${file}`),
      " lists the scenes there are of the site. A footprint can be drawn or typed in under Observe. ",
    ),
    button(first ? "Draw the first structure" : "Give a structure its place", () => panel.draw(), { class: "btn" }),
  ];
}

function head(model, time) {
  if (!model.structures.length) return h("h2", {}, "Nothing here yet");
  const held = model.structures.filter((one) => stateAt(one, time).kind === "held").length;
  return [
    h("h2", {}, "On ", h("span", { class: "num" }, when(time))),
    h(
      "p",
      { class: "lede" },
      model.blind
        ? "Blind mode: states are hidden."
        : `Looks on both sides of this time hold the state of ${held} of ${plural(model.structures.length, "structure")}. ` +
            "Nothing is asserted of the others.",
    ),
  ];
}

function tile(model, one, time, chosen, act) {
  const held = stateAt(one, time);
  return h(
    "button",
    {
      type: "button",
      class: "tile",
      "aria-pressed": String(one.id === chosen),
      data: { keep: `tile ${one.id}` },
      on: { click: () => act.structure(one.id) },
    },
    mark(model.styles, held.state, held.kind),
    h("span", { class: "name" }, name(one.name)),
    h("span", { class: "what" }, model.blind ? "" : heldWords(model.styles, held)),
  );
}
