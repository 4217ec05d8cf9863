// The fields of a label, and how they are read and set.

import { field, fill, h } from "./dom.js";
import { keep, kept } from "./kept.js";
import { mark } from "./look.js";
import { plain } from "./words.js";

/** @returns the elements of a label form, `read()` what is in them, `put(look)` sets them. */
export function labelFields() {
  const states = h("div", { class: "states", role: "radiogroup", "aria-label": "State" });
  const sure = h("div", { class: "sure", role: "radiogroup", "aria-label": "Confidence" });
  const activity = h("input", { type: "text", dir: "auto", maxlength: 500, autocomplete: "off" });
  const note = h("textarea", { rows: 2, dir: "auto", maxlength: 4000 });
  const onward = h("input", { type: "checkbox" });
  onward.checked = kept("onward", "on") === "on";
  onward.addEventListener("change", () => keep("onward", onward.checked ? "on" : "off"));
  const value = (group) => group.querySelector("input:checked")?.value ?? "";
  const check = (group, wanted) => group.querySelectorAll("input").forEach((one) => (one.checked = one.value === wanted));
  return {
    ...{ states, sure, activity, note, onward },
    nodes: [
      h("fieldset", { class: "field" }, h("legend", {}, "State"), states),
      h("fieldset", { class: "field" }, h("legend", {}, "Confidence"), sure),
      field("Activity seen (joined by ;)", activity),
      field("What is to be seen, in your words", note),
    ],
    read: () => ({
      state: value(states),
      confidence: value(sure),
      activity: activity.value.trim(),
      paraphrase: note.value.trim(),
    }),
    put({ state = "", confidence = "", activity: seen = "", paraphrase = "" }) {
      check(states, state);
      check(sure, confidence);
      activity.value = seen;
      note.value = paraphrase;
    },
    choices: (model) => choices(states, sure, model),
  };
}

/** The words that may be written, in the order of a structure's life; "obscured" has a number of its own. */
export function wordOrder(words) {
  const told = words.filter((one) => one.state && one.word === one.state);
  const hidden = words.filter((one) => one.word === "obscured");
  return [...told, ...hidden, ...words.filter((one) => !told.includes(one) && !hidden.includes(one))];
}

/** One choice for every word and confidence; built anew only where the words differ. */
function choices(states, sure, model) {
  const words = wordOrder(model.words);
  const key = words.map((one) => one.word).join();
  if (states.dataset.words === key) return;
  states.dataset.words = key;
  const choice = (name, value, ...content) => h("label", {}, h("input", { type: "radio", name, value }), content);
  const said = (word) => h("span", {}, word === "complete" ? "complete, standing" : plain(word));
  fill(
    states,
    words.map(({ word, state }, n) =>
      choice("state", word, mark(model.styles, state), said(word), n < 9 && h("kbd", {}, String(n + 1))),
    ),
  );
  fill(
    sure,
    model.confidences.map((word) => choice("confidence", word, h("span", {}, word), h("kbd", {}, word[0]))),
  );
}
