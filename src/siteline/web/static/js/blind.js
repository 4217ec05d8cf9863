// Blind mode: what others and the machine say is taken out before anything is drawn; no part of the page can show it.

/** Whether `look` is by the person `who`. */
export function isOwn(look, who) {
  return Boolean(who) && !look.machine && look.observer === who;
}

/**
 * The case as somebody sees it who looks without knowing what others saw: scenes, footprints, names and events stay.
 * @param {any} data @param {string} who
 */
export function withoutOthers(data, who) {
  return {
    ...data,
    observations: data.observations.filter((look) => isOwn(look, who)),
    structures: data.structures.map((one) => ({ ...one, notes: "", segments: [], transitions: [], sentence: "" })),
    scenes: data.scenes.map((scene) => ({ ...scene, status: "usable", why: "", looked: false })),
    claims: [],
    positions: [],
    hypotheses: [],
    statements: [],
    readings: [],
    matrix: null,
    findings: [],
    disagreements: [],
    detections: [],
  };
}
