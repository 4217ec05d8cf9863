// One small box that says what is under the pointer or has the focus.

import { at, fill } from "./dom.js";

/** @param {{clientX: number, clientY: number}} where @param {any} content */
export function showTip(where, content) {
  const tip = at("tip");
  fill(tip, content);
  tip.hidden = false;
  const [wide, high] = [tip.offsetWidth, tip.offsetHeight];
  const left = where.clientX + 14 + wide > innerWidth ? where.clientX - 12 - wide : where.clientX + 14;
  const top = where.clientY + 16 + high > innerHeight ? where.clientY - 12 - high : where.clientY + 16;
  tip.style.left = `${Math.max(4, left)}px`;
  tip.style.top = `${Math.max(4, top)}px`;
}

export function hideTip() {
  at("tip").hidden = true;
}

addEventListener("keydown", (event) => event.key === "Escape" && hideTip());
