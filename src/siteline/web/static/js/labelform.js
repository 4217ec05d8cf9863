// The label of one structure in one scene: state, confidence, activity, a note; all of it by key.

import { isOwn } from "./blind.js";
import { button, field, fill, h, typing } from "./dom.js";
import { newKey } from "./editing.js";
import { mark } from "./look.js";
import { keep, kept } from "./kept.js";
import { notice } from "./notices.js";
import { plain, spanDay } from "./words.js";

const LETTERS = { h: "high", m: "medium", l: "low" };

export function buildLabelForm({ store, act, editing }, root) {
  const drafts = new Map(); // what was typed for a structure in a scene and not saved yet
  let here = { key: "", one: null, scene: null, own: null };
  let saving = false;
  const states = h("div", { class: "states", role: "radiogroup", "aria-label": "State" });
  const sure = h("div", { class: "sure", role: "radiogroup", "aria-label": "Confidence" });
  const activity = h("input", { type: "text", dir: "auto", maxlength: 500, autocomplete: "off" });
  const note = h("textarea", { rows: 2, dir: "auto", maxlength: 4000 });
  const onward = h("input", { type: "checkbox", on: { change: () => keep("onward", onward.checked ? "on" : "off") } });
  onward.checked = kept("onward", "on") === "on";
  const save = button(["Save ", h("kbd", {}, "Enter")], () => store_(), { class: "btn main", id: "save-look" });
  const remove = button("Remove my look", () => drop(), { class: "btn" });
  const wrong = h("p", { class: "error", role: "alert" });
  const told = h("p", { class: "small muted" });
  const body = h(
    "form",
    { class: "labelform" },
    h("fieldset", { class: "field" }, h("legend", {}, "State"), states),
    h("fieldset", { class: "field" }, h("legend", {}, "Confidence"), sure),
    field("Activity seen (joined by ;)", activity),
    field("What is to be seen, in your words", note),
    wrong,
    h("div", { class: "row actions" }, save, remove, h("label", { class: "check" }, onward, "then the next scene")),
    told,
  );
  body.addEventListener("submit", (event) => event.preventDefault());
  body.addEventListener("input", () => stash());
  body.addEventListener("keydown", (event) => {
    const plainEnter = event.target === activity || (event.target === note && (event.ctrlKey || event.metaKey));
    if (event.key !== "Enter" || !plainEnter) return;
    event.preventDefault();
    store_();
  });
  fill(root, body);

  const value = (group) => group.querySelector("input:checked")?.value ?? "";
  const read = () => ({
    state: value(states),
    confidence: value(sure),
    activity: activity.value.trim(),
    paraphrase: note.value.trim(),
  });
  const stash = () => here.key && drafts.set(here.key, read());

  function put({ state = "", confidence = "", activity: seen = "", paraphrase = "" }) {
    for (const one of states.querySelectorAll("input")) one.checked = one.value === state;
    for (const one of sure.querySelectorAll("input")) one.checked = one.value === confidence;
    activity.value = seen;
    note.value = paraphrase;
  }

  async function store_() {
    const { one, scene, own, key } = here;
    const cells = read();
    if (saving || !one || !scene) return;
    wrong.textContent = cells.state ? "" : "Choose a state first (1 to 9).";
    if (!cells.state) return void states.querySelector("input")?.focus();
    cells.confidence ||= "medium";
    saving = true;
    try {
      const what = `${one.name}: ${plain(cells.state)} on ${spanDay(scene)}`;
      const all = own ? cells : { structure_id: one.id, image_id: scene.id, ...cells };
      const done = await editing.save("observations", own ? own.id : newKey("look"), own ? own.version : null, all, what);
      if (!done) return;
      drafts.delete(key);
      if (done.theirs) return void again();
      keep("confidence", cells.confidence);
      told.textContent = `Saved: ${what}`;
      if (onward.checked && here.key === key) act.step(1);
    } catch (error) {
      wrong.textContent = error.told ?? String(error);
    } finally {
      saving = false;
    }
  }

  async function drop() {
    const { own, one, scene, key } = here;
    if (!own) return;
    try {
      const done = await editing.save(
        "observations",
        own.id,
        own.version,
        null,
        `${one.name}: look on ${spanDay(scene)} removed`,
      );
      if (!done) return;
      drafts.delete(key);
      if (done.theirs) return void again();
      notice("Removed.", { action: ["Undo", () => editing.undo(done.entry)] });
    } catch (error) {
      wrong.textContent = error.told ?? String(error);
    }
  }

  /** Show the look as the case holds it. */
  const again = () => put(own(store.get(), here.one, here.scene) ?? {});

  return {
    draw(shown, one, scene) {
      const { model, who, data } = shown;
      body.hidden = !one || !scene || data.read_only;
      choices(states, sure, model);
      const mine = one && scene ? own(shown, one, scene) : null;
      const key = one && scene ? `${one.id}|${scene.id}` : "";
      const same = key === here.key && mine?.version === here.own?.version;
      here = { key, one, scene, own: mine };
      if (!same) {
        put(drafts.get(key) ?? mine ?? { confidence: kept("confidence", "medium") });
        wrong.textContent = "";
      }
      remove.hidden = !mine;
      save.firstChild.textContent = mine ? "Save the change " : "Save ";
    },

    /** 1 to 9, h m l, Enter. @param {KeyboardEvent} event */
    key(event) {
      if (body.hidden || typing(event.target)) return false;
      const number = /^[1-9]$/.test(event.key) ? states.querySelectorAll("input")[Number(event.key) - 1] : null;
      const letter =
        LETTERS[event.key] && [...sure.querySelectorAll("input")].find((one) => one.value === LETTERS[event.key]);
      const chosen = number || letter;
      if (chosen) {
        chosen.checked = true;
        chosen.focus({ preventScroll: true });
        stash();
        return true;
      }
      if (event.key !== "Enter" || event.target.closest?.("button,a,summary,[role=slider]")) return false;
      store_();
      return true;
    },
  };
}

/** The look of the person at the page of a structure in a scene, null where there is none. */
function own({ model, who }, one, scene) {
  return (model.looksIn.get(scene.id) ?? []).find((look) => look.structure === one.id && isOwn(look, who)) ?? null;
}

/** The words that may be written, in the order of a structure's life; "obscured" has a number of its own. */
export function wordOrder(words) {
  const told = words.filter((one) => one.state && one.word === one.state);
  const hidden = words.filter((one) => one.word === "obscured");
  return [...told, ...hidden, ...words.filter((one) => !told.includes(one) && !hidden.includes(one))];
}

function choices(states, sure, model) {
  const words = wordOrder(model.words);
  const key = words.map((one) => one.word).join();
  if (states.dataset.words === key) return;
  states.dataset.words = key;
  fill(
    states,
    words.map((one, n) =>
      h(
        "label",
        {},
        h("input", { type: "radio", name: "state", value: one.word }),
        mark(model.styles, one.state),
        h("span", {}, one.word === "complete" ? "complete, standing" : plain(one.word)),
        n < 9 && h("kbd", {}, String(n + 1)),
      ),
    ),
  );
  fill(
    sure,
    model.confidences.map((word) =>
      h(
        "label",
        {},
        h("input", { type: "radio", name: "confidence", value: word }),
        h("span", {}, word),
        h("kbd", {}, word[0]),
      ),
    ),
  );
}
