// The label of one structure in one scene: state, confidence, activity, a note; all of it by key.

import { isOwn } from "./blind.js";
import { button, fill, h, typing } from "./dom.js";
import { draftNote, labelDraft } from "./drafts.js";
import { newKey } from "./editing.js";
import { keep, kept } from "./kept.js";
import { labelFields } from "./labelfields.js";
import { notice } from "./notices.js";
import { plain, spanDay } from "./words.js";

const LETTERS = { h: "high", m: "medium", l: "low" };

/**
 * `here`: what a label would be of, and one's own look of it; its `key` names the draft of it. What was typed for a
 * structure in a scene and is not saved yet is there again when one comes back.
 */
export function buildLabelForm(page, root) {
  const wrong = h("p", { class: "error", role: "alert" });
  const told = h("p", { class: "small muted" });
  const note = h("div", {});
  const fields = labelFields();
  const form = { page, fields, wrong, told, note, drafts: page.editing.drafts, here: nowhere(), saving: false };
  const save = button(["Save ", h("kbd", {}, "Enter")], () => saveLook(form), { class: "btn main", id: "save-look" });
  const remove = button("Remove my look", () => dropLook(form), { class: "btn" });
  const onward = h("label", { class: "check" }, fields.onward, "then the next scene");
  const actions = h("div", { class: "row actions" }, save, remove, onward);
  const body = h("form", { class: "labelform" }, note, fields.nodes, wrong, actions, told);
  body.addEventListener("submit", (event) => event.preventDefault());
  body.addEventListener("input", () => stash(form));
  body.addEventListener("keydown", (event) => {
    const inNote = event.target === fields.note && (event.ctrlKey || event.metaKey);
    if (event.key !== "Enter" || !(event.target === fields.activity || inNote)) return;
    event.preventDefault();
    saveLook(form);
  });
  fill(root, body);
  return {
    draw(shown, one, scene) {
      body.hidden = !one || !scene || shown.data.read_only;
      fields.choices(shown.model);
      const mine = one && scene ? ownLook(shown, one, scene) : null;
      const key = one && scene ? labelDraft(one.id, scene.id) : "";
      const same = key === form.here.key && mine?.version === form.here.own?.version;
      form.here = { key, one, scene, own: mine };
      if (!same) {
        begin(form);
      }
      remove.hidden = !mine;
      save.firstChild.textContent = mine ? "Save the change " : "Save ";
    },
    key: (event) => !body.hidden && !typing(event.target) && pressed(form, event),
  };
}

/** Put into the fields what was typed here before, else one's own look, else nothing. */
function begin({ here, drafts, fields, note, wrong }) {
  const draft = drafts.get(here.key);
  fields.put(draft?.cells ?? here.own ?? blank());
  wrong.textContent = "";
  const discard = () => (drafts.drop(here.key), fields.put(here.own ?? blank()), fill(note));
  fill(note, draft && draftNote(draft, " ", button("Discard it", discard, { class: "plainlink" })));
}

const blank = () => ({ confidence: kept("confidence", "medium") });

const nowhere = () => ({ key: "", one: null, scene: null, own: null });

/** Keep what is typed, with the version of one's look that it was typed over: a later one is a conflict. */
function stash({ here, drafts, fields }) {
  if (!here.key) return;
  const { base } = drafts.get(here.key) ?? { base: here.own?.version ?? null };
  const [typed, there] = [fields.read(), here.own ?? blank()];
  if (Object.entries(typed).every(([cell, value]) => value === (there[cell] ?? ""))) drafts.drop(here.key);
  else drafts.put(here.key, base, typed);
}

/** 1 to 9, h m l, Enter. @param {any} form @param {KeyboardEvent} event */
function pressed(form, event) {
  const { states, sure } = form.fields;
  const number = /^[1-9]$/.test(event.key) ? states.querySelectorAll("input")[Number(event.key) - 1] : null;
  const chosen = number ?? [...sure.querySelectorAll("input")].find((one) => one.value === LETTERS[event.key]);
  if (chosen) {
    chosen.checked = true;
    chosen.focus({ preventScroll: true });
    stash(form);
    return true;
  }
  if (event.key !== "Enter" || event.target.closest?.("button,a,summary,[role=slider]")) return false;
  saveLook(form);
  return true;
}

/** Save what the form holds; what is wrong is said in it, and nothing typed is lost. */
async function saveLook(form) {
  const { here, fields, page, wrong } = form;
  const { one, scene, own, key } = here;
  const cells = fields.read();
  if (form.saving || !one || !scene) return;
  wrong.textContent = cells.state ? "" : "Choose a state first (1 to 9).";
  if (!cells.state) return void fields.states.querySelector("input")?.focus();
  cells.confidence ||= "medium";
  form.saving = true;
  const what = `${one.name}: ${plain(cells.state)} on ${spanDay(scene)}`;
  const all = own ? cells : { structure_id: one.id, image_id: scene.id, ...cells };
  const base = (form.drafts.get(key) ?? { base: own?.version ?? null }).base;
  if (await put(form, own?.id ?? newKey("look"), base, all, what)) {
    keep("confidence", cells.confidence);
    form.told.textContent = `Saved: ${what}`;
    if (fields.onward.checked && form.here.key === key) page.act.step(1);
  }
  form.saving = false;
}

async function dropLook(form) {
  const { own, one, scene } = form.here;
  if (!own) return;
  const done = await put(form, own.id, own.version, null, `${one.name}: look on ${spanDay(scene)} removed`);
  if (done) notice("Removed.", { action: ["Undo", () => form.page.editing.undo(done.entry)] });
}

/** One change of the look that the form is at; null where it was not made. */
async function put(form, id, base, cells, what) {
  const { page, here, drafts, fields, note, wrong } = form;
  try {
    const done = await page.editing.save("observations", id, base, cells, what);
    if (!done) return null;
    drafts.drop(here.key);
    fill(note);
    if (!done.theirs) return done;
    fields.put(ownLook(page.store.get(), here.one, here.scene) ?? {});
  } catch (error) {
    wrong.textContent = error.told ?? String(error);
  }
  return null;
}

/** The look of the person at the page of a structure in a scene, null where there is none. */
function ownLook({ model, who }, one, scene) {
  return (model.looksIn.get(scene.id) ?? []).find((look) => look.structure === one.id && isOwn(look, who)) ?? null;
}
