// The Observe tab: label what is seen, draw what is there, and see every change of this visit with its undo.

import { button, fill, h, name } from "./dom.js";
import { buildLabelForm } from "./labelform.js";
import { blindNote, whileOpen } from "./panel.js";
import { lookRow } from "./structure.js";
import { isOwn } from "./blind.js";
import { buildFootprintForm } from "./footprintform.js";
import { sceneHere } from "./model.js";
import { span, status, taker } from "./words.js";

export function buildObserve(page, body) {
  const { store, act, editing } = page;
  const head = h("div", { class: "obshead" });
  const form = h("section", {});
  const others = h("section", {});
  const place = h("section", {});
  const visit = h("section", {});
  fill(body, head, form, others, place, visit);
  const labels = buildLabelForm(page, form);
  buildFootprintForm(page, place);
  Object.assign(page.panel, {
    observeKey: labels.key,
    draw() {
      const { draft, structure } = store.get();
      if (draft === null && structure) page.draft.begin(structure);
      if (structure) return;
      act.tab("observe"); // the first structure needs a name before it has a place
      setTimeout(() => {
        place.querySelector("details").open = true;
        place.querySelector("details input").focus();
      }, 0);
    },
  });

  whileOpen(store, "observe", ["model", "structure", "scene", "looked", "time", "blind"], (shown) => {
    const one = shown.model.structureById.get(shown.structure);
    const scene = sceneHere(shown);
    fill(head, heading(act, one, scene), blindSwitch(store, shown));
    fill(others, one && scene && saidByOthers(page, shown, one, scene));
    labels.draw(shown, one, scene);
  });
  const list = () => fill(visit, visitList(editing));
  editing.onChange(list);
  list();
}

function heading(act, one, scene) {
  if (!one) return h("p", { class: "muted" }, "There is no structure yet. Draw the first one below.");
  return [
    h("h2", {}, name(one.name)),
    h(
      "div",
      { class: "line" },
      button("‹", () => act.step(-1), { class: "btn small", "aria-label": "Previous scene", title: "Previous scene (p)" }),
      scene
        ? h(
            "p",
            {},
            h("b", { class: "num" }, span(scene)),
            " ",
            name(taker(scene), { class: "muted" }),
            status(scene) && scene.status !== "usable" && h("span", { class: "muted" }, ` · ${status(scene)}`),
          )
        : h("p", { class: "muted" }, "No scene at this time. Choose one on the time line."),
      button("›", () => act.step(1), { class: "btn small", "aria-label": "Next scene", title: "Next scene (n)" }),
    ),
  ];
}

function blindSwitch(store, { blind, who }) {
  const box = h("input", { type: "checkbox", on: { change: () => store.set({ blind: box.checked }) } });
  box.checked = blind;
  return [
    h("label", { class: "check" }, box, "Blind: hide what others and the machine say", h("kbd", {}, "x")),
    blind && !who && blindNote("Give your name, above, to see your own looks."),
  ];
}

function saidByOthers(page, { model, who }, one, scene) {
  if (model.blind) return null;
  const held = (model.looksIn.get(scene.id) ?? []).filter((look) => look.structure === one.id && !isOwn(look, who));
  if (!held.length) return null;
  return [
    h("h3", {}, "Others on this scene", h("span", { class: "count" }, String(held.length))),
    h(
      "ul",
      { class: "looks" },
      held.map((look) => lookRow(page, model, look)),
    ),
  ];
}

function visitList(editing) {
  if (!editing.made.length) return null;
  const rows = editing.made.map((one) =>
    h(
      "li",
      { class: one.undone ? "undone" : "" },
      h("span", {}, name(one.what), one.undone && " (undone)"),
      !one.undone && button("Undo", () => editing.undo(one.entry), { class: "btn small" }),
    ),
  );
  return [
    h("h3", {}, "Saved in this visit", h("span", { class: "count" }, String(rows.length))),
    h("ul", { class: "visit" }, rows.reverse()),
    h("p", { class: "small muted" }, "All of it stands in the journal. ", h("kbd", {}, "u"), " undoes the last."),
  ];
}
