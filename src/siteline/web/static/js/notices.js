// Short messages at the foot of the page. Trouble stays until it is closed; the rest goes by itself.

import { at, button, h } from "./dom.js";

const STAY_MS = 7000;

/**
 * @param {any} content text or nodes
 * @param {{trouble?: boolean, stay?: boolean, action?: [string, () => void], id?: string}} [how]
 * @returns {() => void} takes it away
 */
export function notice(content, how = {}) {
  const box = at("notices");
  if (how.id) for (const old of box.querySelectorAll("[data-id]")) if (old.dataset.id === how.id) old.remove();
  const made = h("div", { class: how.trouble ? "notice trouble" : "notice", data: how.id ? { id: how.id } : {} });
  const gone = () => made.remove();
  made.append(h("div", {}, content));
  if (how.action) {
    const [label, act] = how.action;
    made.append(button(label, () => (gone(), act()), { class: "" }));
  }
  if (how.trouble || how.stay) made.append(button("Close", gone, { class: "" }));
  else setTimeout(gone, STAY_MS);
  while (box.children.length > 3) box.firstChild.remove();
  box.append(made);
  return gone;
}

/** Tell of a failure in words with its remedy. */
export function trouble(error) {
  if (error?.kind === "Lost") return undefined; // told once, by the watch on the server
  const text = error?.told ?? `Something in the page failed: ${error?.message ?? error}. Load the page again.`;
  if (!error?.told) console.error(error);
  return notice(text, { trouble: true });
}
