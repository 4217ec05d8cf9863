// The page begins here: the case is asked for, every part is built once, and each redraws what changed.

import { makeActions } from "./actions.js";
import { api, onReach } from "./api.js";
import { buildBar } from "./bar.js";
import { at, fill, h } from "./dom.js";
import { makeDraft } from "./draft.js";
import { tellDrafts } from "./drafts.js";
import { makeEditing } from "./editing.js";
import { followHash, readHash } from "./hash.js";
import { followKeys } from "./keys.js";
import { keep, kept } from "./kept.js";
import { makeModel, sceneFor } from "./model.js";
import { notice } from "./notices.js";
import { buildPanel } from "./panel.js";
import { buildPlace } from "./place.js";
import { followRevision } from "./polling.js";
import { buildSplits } from "./splits.js";
import { createStore } from "./store.js";
import { followTheme, keptTheme } from "./theme.js";
import { buildTimeline } from "./timeline.js";

const store = createStore({
  data: null,
  model: null,
  structure: "",
  scene: "",
  looked: "", // a scene without pixels that was chosen
  other: "",
  mode: "single",
  swipe: 0.5,
  opacity: 0.5,
  time: 0,
  tab: "structure",
  view: null,
  window: null,
  blind: kept("blind") === "on",
  who: kept("who"),
  theme: keptTheme(),
  painted: "light",
  skip: kept("skip", "on") === "on",
  same: true,
  hatch: kept("hatch") === "on",
  bands: "",
  draft: null,
  board: false,
});

/** What is shown at first: what the address asks for, else the first key structure at its last change. */
function opening(model, asked) {
  const structure = model.structureById.has(asked.structure) ? asked.structure : (model.structures[0]?.id ?? "");
  const change = model.structureById.get(structure)?.transitions.findLast((one) => one.by !== null);
  const [first, last] = model.period;
  const time =
    asked.time ??
    model.sceneById.get(asked.scene)?.t ??
    change?.by ??
    model.scenes.findLast((one) => one.t <= last)?.t ??
    first;
  const scene = model.sceneById.get(asked.scene)?.pixels ? asked.scene : (sceneFor(model, time, store.get().skip)?.id ?? "");
  const looked = model.sceneById.has(asked.scene) && scene !== asked.scene ? asked.scene : "";
  const other = model.sceneById.get(asked.other)?.pixels ? asked.other : "";
  return { ...asked, structure, time, scene, looked, other, mode: other ? (asked.mode ?? "single") : "single" };
}

async function begin() {
  followTheme(store);
  let data;
  try {
    data = await api.state();
  } catch (error) {
    fill(
      at("work"),
      h(
        "div",
        { class: "plain" },
        h("h2", { class: "serif" }, "The case cannot be shown"),
        h("p", {}, error.told ?? String(error)),
      ),
    );
    return;
  }
  if (!store.get().who) store.set({ who: data.who });
  const model = makeModel(data, store.get().blind, store.get().who);
  store.set({ data, model, window: [...model.period], ...opening(model, readHash(location.hash)) });
  const act = makeActions(store);
  const editing = makeEditing(store);
  const page = { store, act, editing, draft: null };
  page.draft = makeDraft(page);
  buildBar(page);
  buildSplits();
  buildTimeline(page);
  buildPanel(page);
  buildPlace(page);
  followKeys(page);
  followHash(store, (asked) => store.set(opening(store.get().model, { view: store.get().view, ...asked })));
  followRevision(page);
  followCase();
  tellDrafts(page);
  document.documentElement.dataset.ready = "yes";
}

/** What is seen of the case follows the case, the blind mode and the person. */
function followCase() {
  store.on(["data", "blind", "who"], ({ data, blind, who, structure }) => {
    keep("blind", blind ? "on" : "off");
    keep("who", who);
    const model = makeModel(data, blind, who);
    store.set({ model, structure: model.structureById.has(structure) ? structure : (model.structures[0]?.id ?? "") });
  });
  for (const name of ["skip", "hatch"]) store.on([name], (shown) => keep(name, shown[name] ? "on" : "off"));
  let away = null;
  onReach((now) => {
    away?.();
    if (now === "there") return void (away = notice("The server is back."));
    const told = {
      gone: "The server cannot be reached. Start siteline serve again; what you typed is kept here.",
      anew: "siteline serve was started anew: open its new address in another tab. What you typed is kept in this one.",
    };
    away = notice(told[now], { trouble: true });
  });
}

begin();
