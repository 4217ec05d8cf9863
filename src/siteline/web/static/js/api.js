// Questions to the server on this machine. What goes wrong comes back as `Trouble`, in words with the remedy.

/** A failure that can be told to the person at the page. */
export class Trouble extends Error {
  /** @param {string} message @param {{remedy?: string, kind?: string, status?: number, body?: any}} [more] */
  constructor(message, more = {}) {
    super(message);
    this.remedy = more.remedy || "";
    this.kind = more.kind || "";
    this.status = more.status || 0;
    this.body = more.body || null;
  }

  /** Message and remedy in one line. */
  get told() {
    return this.remedy ? `${this.message}. To mend it: ${this.remedy}.` : `${this.message}.`;
  }
}

const lost = new Set();
let state = "there"; // "gone": no answer; "anew": it was started again, with a token that this page does not have

/** Be told when the server is lost and found again. @param {(state: "there"|"gone"|"anew") => void} heard */
export function onReach(heard) {
  lost.add(heard);
}

function reach(now) {
  if (now === state) return;
  state = now;
  for (const heard of lost) heard(now);
}

async function ask(path, options = {}) {
  let answer;
  try {
    answer = await fetch(path, { credentials: "same-origin", ...options });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    reach("gone");
    throw new Trouble("The server cannot be reached", {
      remedy: "start siteline serve again; what you typed is kept here",
      kind: "Lost",
    });
  }
  reach(answer.status === 401 ? "anew" : "there");
  const body = await answer.json().catch(() => null);
  if (answer.ok) return body;
  const told = body?.error ?? {};
  throw new Trouble(told.message ? told.message.replace(/\.$/, "") : `The server answered ${answer.status}`, {
    remedy: told.remedy?.replace(/\.$/, ""),
    kind: told.kind,
    status: answer.status,
    body,
  });
}

const post = (path, value) =>
  ask(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(value) });

export const api = {
  state: () => ask("/api/state"),
  revision: (since) => ask(`/api/revision?since=${since}`),
  series: (structure, signal) => ask(`/api/series/${encodeURIComponent(structure)}`, { signal }),
  journal: (limit, before) => ask(`/api/journal?limit=${limit}${before ? `&before=${before}` : ""}`),
  stretch(scenes, bands) {
    const query = scenes.map((id) => `scenes=${encodeURIComponent(id)}`).join("&");
    return ask(`/api/stretch?${query}${bands ? `&bands=${encodeURIComponent(bands)}` : ""}`);
  },
  /** Put (`cells`) or remove (null) one row, made from version `base` (null: it is new). */
  put: (table, key, base, cells, who) => post(`/api/rows/${table}/${encodeURIComponent(key)}`, { base, cells, who }),
  /** Make an event one of the case's key events, or one no longer. */
  markKey: (event, key, who) => post(`/api/key-events/${encodeURIComponent(event)}`, { key, who }),
  undo: (entry, who) => post("/api/undo", { entry, who }),
};

/** Address of a chip; `stamp` changes where the footprint does. */
export function chipAddress(structure, scene, size, stamp) {
  return `/chips/${encodeURIComponent(structure)}/${encodeURIComponent(scene)}.png?size=${size}&v=${stamp}`;
}

/** Address template of the tiles that hatch what is masked in a scene. */
export function hatchAddress(scene) {
  return `${location.origin}/masks/${encodeURIComponent(scene)}/{z}/{x}/{y}.png`;
}

/**
 * Address template of a scene's tiles.
 * @param {string} scene @param {string} bands @param {{low: number, high: number}|null} limits
 */
export function tileAddress(scene, bands, limits) {
  const query = new URLSearchParams();
  if (bands) query.set("bands", bands);
  if (limits) {
    query.set("low", String(limits.low));
    query.set("high", String(limits.high));
  }
  return `${location.origin}/tiles/${encodeURIComponent(scene)}/{z}/{x}/{y}.png?${query}`;
}
