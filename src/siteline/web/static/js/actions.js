// What a person can do to the view, from wherever they do it: keys, map, time line, panel.

import { sceneFor, sceneHere, sceneStep } from "./model.js";

/** @param {{get: () => any, set: (patch: any) => void}} store */
export function makeActions(store) {
  const act = {
    /** Show a scene as A and move time to it; one without pixels is looked at, however many share its day. */
    scene(id) {
      const { model, skip } = store.get();
      const scene = model.sceneById.get(id);
      if (scene?.pixels) store.set({ scene: id, looked: "", time: scene.t });
      else if (scene) store.set({ scene: sceneFor(model, scene.t, skip)?.id ?? "", looked: id, time: scene.t });
    },

    /** Show a scene as B. */
    other(id) {
      store.set({ other: id, mode: id && store.get().mode === "single" ? "swipe" : store.get().mode });
    },

    /** Move time, and show the scene that stood last by then. */
    time(days) {
      const { model, skip } = store.get();
      const scene = sceneFor(model, days, skip);
      store.set({ time: days, scene: scene ? scene.id : "", looked: "" });
    },

    /** Choose a structure. */
    structure(id) {
      if (store.get().model.structureById.has(id)) store.set({ structure: id });
    },

    /** The next (1) or previous (-1) scene. */
    step(by) {
      const { model, scene, time, skip } = store.get();
      const here = model.drawable.length ? scene : (sceneHere(store.get())?.id ?? "");
      const found = sceneStep(model, here, time, by, skip);
      if (found) act.scene(found.id);
    },

    /** The next (1) or previous (-1) structure. */
    stepStructure(by) {
      const { model, structure } = store.get();
      const here = model.structures.findIndex((one) => one.id === structure);
      const to = model.structures[Math.min(model.structures.length - 1, Math.max(0, here + by))];
      if (to) store.set({ structure: to.id });
    },

    /**
     * Compare in a mode; the same mode again, or "single", ends it. Where no second scene is chosen, those before and after
     * the change are.
     */
    mode(wanted) {
      const shown = store.get();
      if (wanted === "single" || wanted === shown.mode) return store.set({ mode: "single" });
      if (shown.model.drawable.length < 2) return undefined;
      const pair = shown.other && shown.other !== shown.scene ? null : pairFor(shown);
      return store.set({
        mode: wanted,
        board: false,
        looked: "",
        ...(pair && { scene: pair[0].id, other: pair[1].id, time: pair[0].t }),
      });
    },

    /** Swap A and B. */
    swap() {
      const { scene, other, model } = store.get();
      if (other)
        store.set({ looked: "", scene: other, other: scene, time: model.sceneById.get(other)?.t ?? store.get().time });
    },

    /** See the case with or without what others said. */
    blind(on = !store.get().blind) {
      store.set({ blind: on });
    },

    /** The board of states in the place of the map, or the map again. */
    board: () => store.set({ board: !store.get().board, mode: "single" }),

    tab(name) {
      store.set({ tab: name });
    },
  };
  return act;
}

/** The usable scenes on both sides of the change nearest in time; else this scene and the next. @returns {[any, any]} */
export function pairFor({ model, structure, time, scene }) {
  const good = model.drawable.filter((one) => one.status === "usable");
  const pool = good.length > 1 ? good : model.drawable;
  const ends = (model.structureById.get(structure)?.transitions ?? []).filter(
    (one) => one.after !== null && one.by !== null,
  );
  ends.sort((a, b) => Math.abs((a.after + a.by) / 2 - time) - Math.abs((b.after + b.by) / 2 - time));
  if (ends.length) {
    const before = pool.filter((one) => one.t <= ends[0].after + 1e-6).at(-1);
    const after = pool.find((one) => one.t >= ends[0].by - 1e-6);
    if (before && after) return [before, after];
  }
  const here = model.sceneById.get(scene) ?? pool[0];
  return [here, pool.find((one) => one.t > here.t) ?? pool.filter((one) => one.t < here.t).at(-1) ?? here];
}
