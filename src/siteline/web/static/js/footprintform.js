// The footprint in the panel: draw or correct it, with its coordinates as text for those who type rather than point.

import { button, field, fill, h, name } from "./dom.js";
import { asText, fromText } from "./draft.js";
import { draftNote } from "./drafts.js";

export function buildFootprintForm({ store, draft }, root) {
  const text = h("textarea", {
    rows: 5,
    spellcheck: "false",
    class: "coords",
    "aria-label": "Corners, longitude and latitude",
  });
  const wrong = h("p", { class: "error", role: "alert" });
  const title = h("input", { type: "text", dir: "auto", maxlength: 200 });

  text.addEventListener("input", () => {
    const points = fromText(text.value);
    wrong.textContent = points ? "" : "Each line must be a longitude and a latitude in degrees, such as 124.705, 39.660.";
    if (points) draft.points(points, points.length > 2, true);
  });

  let drawing = false;
  const draw = (shown) => {
    const now = shown.draft;
    const typingHere = document.activeElement === text;
    if (now && drawing && typingHere) return; // the person is typing: their text stays as it is
    if (now && !typingHere) text.value = asText(now.points);
    if (!now) wrong.textContent = "";
    fill(root, now ? busy(draft, now, text, wrong) : idle(draft, shown, title));
    if (now && !drawing) root.scrollIntoView({ block: "nearest" });
    drawing = Boolean(now);
  };
  store.on(["draft", "structure", "model"], draw);
  draw(store.get());
}

function idle(draft, { model, structure, data }, title) {
  if (data.read_only) return [];
  const one = model.structureById.get(structure);
  const said = one && [
    one.geometry ? "Correct the outline of " : "Draw the outline of ",
    name(one.name),
    " ",
    h("kbd", {}, "d"),
  ];
  const anew = () => (title.value.trim() ? draft.begin("", title.value.trim()) : title.focus());
  return [
    h("h3", {}, "Footprint"),
    one &&
      h(
        "div",
        { class: "row" },
        button(said, () => draft.begin(one.id), { class: "btn" }),
      ),
    h(
      "details",
      {},
      h("summary", {}, "A structure that is not listed"),
      field("Its name", title),
      h("div", { class: "row" }, button("Draw it", anew, { class: "btn" })),
    ),
  ];
}

function busy(draft, now, text, wrong) {
  return [
    h("h3", {}, "Outline of ", name(now.name)),
    now.kept && draftNote(now.kept),
    field("Corners, longitude and latitude in degrees (WGS 84), one a line", text, "One corner alone is kept as a point."),
    wrong,
    now.problem && h("p", { class: "error", role: "alert" }, now.problem),
    h(
      "div",
      { class: "row" },
      button(["Finish ", h("kbd", {}, "Enter")], () => draft.finish(), { class: "btn main" }),
      button("Take the last corner away", () => draft.dropLast(), { class: "btn" }),
      button(["Leave ", h("kbd", {}, "Esc")], () => draft.leave(), { class: "btn" }),
    ),
  ];
}
