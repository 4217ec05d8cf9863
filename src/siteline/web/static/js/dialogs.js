// Dialogs on the platform's own <dialog>: focus stays inside, Escape closes, focus goes back.

import { button, h } from "./dom.js";

/**
 * Show a dialog. `build(close)` gives its content.
 * @param {string} title @param {(close: (value?: any) => void) => any} build @returns {Promise<any>} what it was closed with
 */
export function dialog(title, build) {
  return new Promise((resolve) => {
    let value;
    const made = h("dialog", { "aria-label": title, tabindex: "-1" });
    const close = (given) => {
      value = given;
      made.close();
    };
    made.append(button("✕", () => close(), { class: "btn plain close", "aria-label": "Close" }));
    made.append(h("h2", {}, title));
    const content = [build(close)].flat();
    made.append(...content);
    made.addEventListener("close", () => {
      made.remove();
      resolve(value);
    });
    made.addEventListener("click", (event) => {
      if (event.target === made) close();
    });
    document.body.append(made);
    made.showModal();
    (made.querySelector("[autofocus]") ?? made.querySelector(".main") ?? made).focus();
  });
}

/**
 * A menu under a button; closes by Escape, by a click elsewhere, and when something is chosen.
 * @param {HTMLElement} opener @param {() => any[]} items
 */
export function menu(opener, items) {
  let open = null;
  const close = (back = true) => {
    if (!open) return;
    open.remove();
    open = null;
    opener.setAttribute("aria-expanded", "false");
    removeEventListener("pointerdown", outside, true);
    if (back) opener.focus();
  };
  const outside = (event) => {
    if (!open.contains(event.target) && !opener.contains(event.target)) close(false);
  };
  opener.setAttribute("aria-haspopup", "true");
  opener.setAttribute("aria-expanded", "false");
  opener.addEventListener("click", () => {
    if (open) return close();
    open = h("div", { class: "menu", role: "group", "aria-label": opener.textContent });
    open.append(...items());
    open.addEventListener("click", (event) => event.target.closest("a,button") && setTimeout(() => close(), 0));
    open.addEventListener("keydown", (event) => steer(event, open, close));
    opener.after(open); // next to it in the order of the Tab key
    const box = opener.getBoundingClientRect();
    open.style.top = `${box.bottom + 6}px`;
    open.style.left = `${Math.max(8, Math.min(box.left, innerWidth - open.offsetWidth - 12))}px`;
    opener.setAttribute("aria-expanded", "true");
    open.querySelector("a,button")?.focus();
    return addEventListener("pointerdown", outside, true);
  });
}

function steer(event, open, close) {
  const all = [...open.querySelectorAll("a,button")];
  const here = all.indexOf(document.activeElement);
  if (event.key === "Escape") close();
  else if (event.key === "ArrowDown") all[(here + 1) % all.length].focus();
  else if (event.key === "ArrowUp") all[(here - 1 + all.length) % all.length].focus();
  else return;
  event.preventDefault();
  event.stopPropagation();
}
