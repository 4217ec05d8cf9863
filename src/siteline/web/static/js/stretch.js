// Which bands are shown, and between which values: the same for compared scenes unless asked otherwise.

import { api } from "./api.js";

/** Ways to show bands; the first is the natural one. @returns {{bands: string, label: string}[]} */
export function bandChoices(scene) {
  if (!scene?.bands?.length) return [];
  const has = (...names) => names.every((one) => scene.bands.includes(one));
  const choices = [{ bands: "", label: has("red", "green", "blue") ? "Natural colour" : "As usual" }];
  const infrared = ["nir", "nir08"].find((one) => scene.bands.includes(one));
  if (infrared && has("red", "green")) choices.push({ bands: `${infrared},red,green`, label: "Infrared" });
  if (scene.bands.includes("swir16") && infrared && has("red"))
    choices.push({ bands: `swir16,${infrared},red`, label: "Short-wave infrared" });
  for (const one of scene.bands) choices.push({ bands: one, label: `${one} alone` });
  return choices;
}

/** The bands asked for, where the scene has them all; else its usual ones. */
export function bandsFor(scene, bands) {
  return scene && bands && bands.split(",").every((one) => scene.bands.includes(one)) ? bands : "";
}

const known = new Map();

async function stretch(scenes, bands) {
  const key = `${scenes.join("|")}#${bands}`;
  if (!known.has(key)) {
    const asked = api.stretch(scenes, bands).then(
      (told) => ({ low: told.low[0], high: told.high[0] }),
      () => null,
    );
    known.set(key, asked);
    if (known.size > 200) known.delete(known.keys().next().value);
  }
  return known.get(key);
}

/** Whether two scenes can stand under one stretch. */
export function comparable(a, b, bands) {
  return Boolean(a && b && a.quantity === b.quantity && a.sensor === b.sensor && bandsFor(a, bands) === bandsFor(b, bands));
}

/**
 * The limits for A and B; null stands for the usual ones of the scene's stack, which all its scenes share.
 * @returns {Promise<{a: {low: number, high: number}|null, b: {low: number, high: number}|null}>}
 */
export async function limitsFor({ model, scene, other, mode, same, bands }) {
  const [a, b] = [model.sceneById.get(scene), model.sceneById.get(other)];
  const pairing = mode !== "single" && a?.pixels && b?.pixels;
  const own = (one) => (one?.pixels ? stretch([one.id], bandsFor(one, bands)) : null);
  if (!pairing) return { a: same ? null : await own(a), b: null };
  if (same && comparable(a, b, bands)) {
    const both = await stretch([a.id, b.id], bandsFor(a, bands));
    return { a: both, b: both };
  }
  const [left, right] = await Promise.all([own(a), own(b)]);
  return { a: left, b: right };
}
