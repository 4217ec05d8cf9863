// What is shown, when it was taken, by whom, and whose it is: always beside the picture.

import { at, fill, h, name } from "./dom.js";
import { status, taker, when } from "./words.js";

export function buildCredits({ store }) {
  const draw = ({ model, scene, other, mode, front, hatch }) => {
    const [a, b] = [model.sceneById.get(scene), model.sceneById.get(other)];
    const pairing = mode !== "single" && b;
    const faded = (letter) => mode === "blink" && front !== letter;
    fill(
      at("credits"),
      a?.pixels && line(a, pairing ? "A" : "", "", faded("a"), hatch && !model.blind),
      pairing && line(b, "B", "right", faded("b"), hatch && !model.blind),
    );
  };
  store.on(["model", "scene", "other", "mode", "front", "hatch"], draw);
  draw(store.get());
}

function line(scene, letter, side, faded, hatch) {
  const told = status(scene);
  return h(
    "p",
    { class: side, hidden: faded },
    letter && h("b", {}, `${letter} `),
    h("b", { class: "num" }, scene.first === scene.last ? when(scene.first) : scene.text),
    " ",
    name(taker(scene)),
    scene.credit && [" · ", name(scene.credit)],
    scene.status !== "usable" && h("span", {}, ` · ${told}`),
    hatch && ` · ${scene.masks ? "hatched: masked, as far as the site reaches" : "it has no mask: nothing is hatched"}`,
  );
}
