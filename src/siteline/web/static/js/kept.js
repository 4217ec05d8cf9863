// What this browser remembers between visits. A browser that keeps nothing still shows the page.

const PREFIX = "siteline.";

/** @param {string} name @param {string} otherwise */
export function kept(name, otherwise = "") {
  try {
    return localStorage.getItem(PREFIX + name) ?? otherwise;
  } catch {
    return otherwise;
  }
}

/** @param {string} name @param {string} value */
export function keep(name, value) {
  try {
    localStorage.setItem(PREFIX + name, value);
  } catch {
    // nothing is lost but the memory of it
  }
}
