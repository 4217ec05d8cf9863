// Whose work it is: asked once, kept in this browser, shown, and changed at any time.

import { dialog } from "./dialogs.js";
import { button, field, h } from "./dom.js";

/** What is typed so soon after the question comes up was meant for something else. */
const HANDS_MS = 700;

/**
 * Ask for the observer's name. `unasked`: it comes up under hands that do something else.
 * @returns {Promise<string>} the name, "" where none was given
 */
export async function askWho(store, unasked = false) {
  const given = await dialog("Who is looking?", (close) => {
    const box = h("input", {
      type: "text",
      value: store.get().who,
      maxlength: 100,
      autofocus: true,
      dir: "auto",
      autocomplete: "name",
      readOnly: unasked,
    });
    if (unasked) setTimeout(() => (box.readOnly = false), HANDS_MS);
    const wrong = h("p", { class: "error", role: "alert" });
    const done = () => {
      const name = box.value.trim();
      if (box.readOnly) return;
      if (/\p{L}/u.test(name)) close(name);
      else wrong.textContent = "A name has a letter in it.";
    };
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
      wrong,
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
