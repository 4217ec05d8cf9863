// The label of one structure in one scene: state, confidence, activity, a note; all of it by key.

import { isOwn } from "./blind.js";
import { button, fill, h, typing } from "./dom.js";
import { draftNote, labelDraft, says } from "./drafts.js";
import { newKey } from "./editing.js";
import { keep, kept } from "./kept.js";
import { labelFields } from "./labelfields.js";
import { notice } from "./notices.js";
import { askWho } from "./who.js";
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
  const held = { here: nowhere(), pending: new Map(), failure: null };
  const form = { page, fields, wrong, told, note, drafts: page.editing.drafts, ...held };
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
function begin({ here, drafts, fields, note, wrong, failure }) {
  const kept = drafts.get(here.key);
  const draft = kept && !(here.own && says(here.own, kept)) ? kept : null;
  if (kept && !draft) drafts.drop(here.key);
  fields.put(draft?.cells ?? here.own ?? blank());
  wrong.textContent = failure?.key === here.key ? failure.told : "";
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

/**
 * Ask for what the form holds to be saved, and go on: the next label need not wait for this one. What is asked for while
 * another is under way is done after it.
 */
async function saveLook(form) {
  const { here, fields, page, drafts, wrong } = form;
  if (!here.one || !here.scene) return;
  const typed = fields.read();
  wrong.textContent = typed.state ? "" : "Choose a state first (1 to 9).";
  if (!typed.state) return void fields.states.querySelector("input")?.focus();
  form.failure = null;
  const who = page.store.get().who || (await askWho(page.store, true));
  if (!who) return;
  const { base } = drafts.get(here.key) ?? { base: here.own?.version ?? null };
  // One that is still under way for the same look: this one is meant to come on top of it.
  const asked = { of: { ...here, base }, who, typed, before: form.pending.get(here.key), saved: null };
  form.pending.set(here.key, asked);
  const over = () => form.pending.get(here.key) === asked && form.pending.delete(here.key);
  page.editing.inTurn(() => saveNow(form, asked).finally(over));
  if (fields.onward.checked && form.here.key === here.key) page.act.step(1);
}

async function saveNow(form, asked) {
  const { of, who, typed } = asked;
  const before = asked.before?.saved;
  const cells = { ...typed, confidence: typed.confidence || "medium" };
  const what = `${of.one.name}: ${plain(cells.state)} on ${spanDay(of.scene)}`;
  const id = before?.id ?? of.own?.id ?? newKey("look");
  const all = before || of.own ? cells : { structure_id: of.one.id, image_id: of.scene.id, ...cells };
  const done = await put(form, { ...of, base: before?.version ?? of.base }, id, all, what, who, typed);
  if (!done) return;
  asked.saved = { id, version: done.version };
  keep("confidence", cells.confidence);
  form.told.textContent = `Saved: ${what}`;
}

function dropLook(form) {
  const { own, one, scene } = form.here;
  if (!own) return;
  const of = { ...form.here, base: own.version };
  const { who } = form.page.store.get();
  form.page.editing.inTurn(async () => {
    const done = await put(form, of, own.id, null, `${one.name}: look on ${spanDay(scene)} removed`, who, null);
    if (done) notice("Removed.", { action: ["Undo", () => form.page.editing.undo(done.entry)] });
  });
}

/** One change of the look `of` a structure in a scene; null where it was not made, which is said where it is seen. */
async function put(form, of, id, cells, what, who, typed) {
  const { page, fields, note, wrong } = form;
  const here = () => form.here.key === of.key;
  /** The way back to it; at once where nothing was begun since. */
  const failed = (told) => {
    const back = () => {
      page.act.structure(of.one.id);
      page.act.scene(of.scene.id);
      wrong.textContent = told;
      form.failure = { key: of.key, told }; // for when the form is drawn there
    };
    if (here() || !form.drafts.has(form.here.key)) back();
    else notice(`Not saved: ${what}. ${told || "What was typed is kept."}`, { trouble: true, action: ["Show", back] });
  };
  try {
    const done = await page.editing.save("observations", id, of.base, cells, what, who);
    if (!done) return void failed("");
    if (!settle(form.drafts, of.key, typed, done)) return done;
    if (here()) fill(note);
    if (!done.theirs) return done;
    if (here()) fields.put(ownLook(page.store.get(), of.one, of.scene) ?? {});
  } catch (error) {
    failed(error.told ?? String(error));
  }
  return null;
}

/**
 * Once a label is saved its draft is over, unless something else was typed meanwhile: that is kept, as made from what was
 * saved. @returns {boolean} whether it is over
 */
function settle(drafts, key, typed, { theirs, version }) {
  const now = drafts.get(key);
  const more = now && typed && !theirs && Object.entries(typed).some(([cell, value]) => now.cells[cell] !== value);
  if (more) drafts.put(key, version, now.cells);
  else drafts.drop(key);
  return !more;
}

/** The look of the person at the page of a structure in a scene, null where there is none. */
function ownLook({ model, who }, one, scene) {
  return (model.looksIn.get(scene.id) ?? []).find((look) => look.structure === one.id && isOwn(look, who)) ?? null;
}
