// Where a case knows neither places nor images there is no map to draw: the board shows what stood at the chosen time.

import { at, button, fill, h, keepFocus, name } from "./dom.js";
import { heldWords, mark } from "./look.js";
import { stateAt } from "./model.js";
import { plural, when } from "./words.js";

export function buildBoard({ store, act, panel }) {
  const root = at("board");
  const draw = () => {
    const { model, time, structure, draft, data } = store.get();
    root.hidden = draft !== null || model.placed.length > 0 || model.drawable.length > 0;
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
        h(
          "p",
          { class: "aside" },
          "There is no map yet: this case holds no images, and none of its structures has a place. ",
          h("code", {}, `siteline find ${data.case}`),
          " lists the scenes there are of the site; a footprint can be drawn or typed in under Observe. ",
        ),
        button("Give a structure its place", () => panel.draw(), { class: "btn" }),
      ),
    );
  };
  store.on(["model", "time", "structure", "draft", "painted"], draw);
  draw();
}

function head(model, time) {
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
