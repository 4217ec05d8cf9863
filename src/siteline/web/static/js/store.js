// What the page shows, in one place. Parts of the page say which keys they draw; a change tells them once.

/**
 * @typedef {object} Shown
 * @property {any} data the answer of /api/state
 * @property {any} model what of it is to be seen (see model.js)
 * @property {string} structure id of the chosen structure, ""
 * @property {string} scene id of scene A, ""
 * @property {string} other id of scene B, ""
 * @property {"single"|"swipe"|"blink"|"opacity"} mode
 * @property {number} time days since 1970
 * @property {string} tab @property {any} view
 * @property {boolean} blind @property {string} who
 */

/**
 * @template {object} T @param {T} initial
 * @returns {{get: () => T, set: (patch: Partial<T>) => void, on: (keys: string[], heard: (state: T) => void) => void}}
 */
export function createStore(initial) {
  let state = { ...initial };
  let changed = new Set();
  const heard = [];

  function flush() {
    const keys = changed;
    changed = new Set();
    for (const [wanted, call] of heard) if (wanted.some((key) => keys.has(key))) call(state);
  }

  return {
    get: () => state,
    set(patch) {
      const keys = Object.keys(patch).filter((key) => !Object.is(state[key], patch[key]));
      if (!keys.length) return;
      state = { ...state, ...patch };
      if (!changed.size) queueMicrotask(flush);
      for (const key of keys) changed.add(key);
    },
    on(keys, call) {
      heard.push([keys, call]);
    },
  };
}
