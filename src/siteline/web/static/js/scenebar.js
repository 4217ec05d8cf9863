// Which scene is shown, which one beside it, and how they are compared.

import { at, button, fill, h } from "./dom.js";
import { hasMap } from "./board.js";
import { menu } from "./dialogs.js";
import { bandChoices, comparable } from "./stretch.js";
import { spanDay, status, taker, when } from "./words.js";

const MODES = [
  ["swipe", "Swipe"],
  ["blink", "Blink"],
  ["opacity", "Opacity"],
];

export function buildSceneBar(page) {
  const { store, act } = page;
  const root = at("scenebar");
  const pick = {
    a: picker(
      "A",
      (id) => act.scene(id),
      (by) => act.step(by),
    ),
    b: picker(
      "B",
      (id) => act.other(id),
      (by) => stepOther(store, by),
    ),
  };
  pick.b.root.classList.add("second");
  const modes = MODES.map(([mode, label]) => button(label, () => act.mode(mode), { class: "", data: { mode } }));
  const group = h("div", { class: "seg", role: "group", "aria-label": "Compare two scenes" }, modes);
  const more = button("Display", () => {}, { class: "btn small plain" });
  menu(more, () => options(store));
  const none = h(
    "span",
    { class: "muted" },
    "No images of this site in the case. ",
    h("code", {}, `siteline find ${store.get().data.case}`),
    " lists those there are.",
  );
  const states = button("Board", () => act.board(), {
    class: "btn small plain",
    title: "What stands at this time, as a list (v)",
  });
  fill(root, none, pick.a.root, h("span", { class: "grow" }), group, pick.b.root, states, more);

  const draw = () => {
    const { model, scene, other, mode, board } = store.get();
    const any = model.drawable.length > 0;
    none.hidden = any;
    for (const one of [pick.a.root, group, more]) one.hidden = !any;
    group.hidden = model.drawable.length < 2;
    pick.a.fill(model.drawable, scene, mode !== "single");
    states.hidden = !hasMap(model) || mode !== "single";
    states.setAttribute("aria-pressed", String(board));
    pick.b.root.hidden = mode === "single";
    if (mode !== "single") pick.b.fill(model.drawable, other, true);
    root.classList.toggle("pair", mode !== "single");
    for (const one of modes) one.setAttribute("aria-pressed", String(one.dataset.mode === mode));
  };
  store.on(["model", "scene", "other", "mode", "board"], draw);
  draw();
}

function stepOther(store, by) {
  const { model, other, skip } = store.get();
  const pool = model.drawable.filter((one) => !skip || one.status !== "not" || one.id === other);
  const here = pool.findIndex((one) => one.id === other);
  const to = pool[Math.min(pool.length - 1, Math.max(0, here + by))];
  if (to) store.set({ other: to.id });
}

/** A list of all scenes by time, with steps on both sides. */
function picker(letter, choose, step) {
  const select = h("select", { "aria-label": `Scene ${letter}`, on: { change: () => choose(select.value) } });
  const badge = h("span", { class: "letter", "aria-hidden": "true" }, letter);
  const root = h(
    "div",
    { class: "scenepick" },
    badge,
    button("‹", () => step(-1), { class: "btn step", "aria-label": `Scene ${letter}: the one before` }),
    select,
    button("›", () => step(1), { class: "btn step", "aria-label": `Scene ${letter}: the next one` }),
  );
  let listed = null;
  return {
    root,
    fill(scenes, chosen, lettered) {
      if (listed !== scenes) {
        fill(
          select,
          scenes.map((one) => h("option", { value: one.id }, title(one))),
        );
        listed = scenes;
      }
      select.value = chosen;
      badge.hidden = !lettered;
      select.title = chosen;
    },
  };
}

function title(scene) {
  const time = scene.first === scene.last ? when(scene.first) : spanDay(scene);
  const more = [taker(scene), scene.status === "usable" ? "" : status(scene)].filter(Boolean).join(", ");
  return more ? `${time} · ${more}` : time;
}

/** Bands and stretch. */
function options(store) {
  const { model, scene, other, bands, same, skip, mode, hatch } = store.get();
  const [a, b] = [model.sceneById.get(scene), model.sceneById.get(other)];
  const check = (label, on, put) =>
    button([h("span", { "aria-hidden": "true" }, on ? "☑ " : "☐ "), label], () => put(!on), {
      class: "",
      role: "checkbox",
      "aria-checked": String(on),
    });
  const one = ({ bands: held, label }) =>
    button([h("span", { "aria-hidden": "true" }, held === bands ? "● " : "○ "), label], () => store.set({ bands: held }), {
      class: "",
      role: "radio",
      "aria-checked": String(held === bands),
    });
  return [
    h("p", { class: "head" }, "Bands"),
    h("div", { role: "radiogroup", "aria-label": "Bands" }, bandChoices(a).map(one)),
    h("p", { class: "head" }, "Brightness"),
    check(mode === "single" ? "One stretch for all scenes" : "One stretch for both scenes", same, (on) =>
      store.set({ same: on }),
    ),
    mode !== "single" &&
      same &&
      !comparable(a, b, bands) &&
      h("p", { class: "head" }, "These two measure different things; each has its own."),
    h("p", { class: "head" }, "Clouds, shadow, snow"),
    check("Hatch what is masked", hatch, (on) => store.set({ hatch: on })),
    hatch && h("p", { class: "head" }, hatchWords(model, a)),
    h("p", { class: "head" }, "Leafing through"),
    check("Pass over scenes that are not usable", skip, (on) => store.set({ skip: on })),
  ].filter(Boolean);
}

/** What the hatching can say of a scene. */
function hatchWords(model, scene) {
  if (model.blind) return "Not in blind mode.";
  return scene?.masks ? "By the masks of the scene, widened by 40 m, over the site." : "No mask came with this scene.";
}
