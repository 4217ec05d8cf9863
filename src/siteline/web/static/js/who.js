// Whose work it is: asked once, kept in this browser, shown, and changed at any time.

import { dialog } from "./dialogs.js";
import { button, field, h } from "./dom.js";

/** Ask for the observer's name. @returns {Promise<string>} the name, "" where none was given */
export async function askWho(store) {
  const given = await dialog("Who is looking?", (close) => {
    const box = h("input", {
      type: "text",
      value: store.get().who,
      maxlength: 100,
      autofocus: true,
      dir: "auto",
      autocomplete: "name",
    });
    const done = () => box.value.trim() && close(box.value.trim());
    box.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.isComposing) return;
      event.preventDefault(); // or the button that has the focus afterwards takes it as a click
      done();
    });
    return [
      h(
        "p",
        {},
        "Your name stands in the journal beside what you change; your looks count as a line of evidence of their own.",
      ),
      field("Name", box),
      h(
        "div",
        { class: "actions" },
        button("Use this name", done, { class: "btn main" }),
        button("Not now", () => close("")),
      ),
    ];
  });
  if (given) store.set({ who: given });
  return given || "";
}
