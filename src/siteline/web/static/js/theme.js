// Light, dark, or as the system is.

import { keep, kept } from "./kept.js";

const ORDER = ["auto", "light", "dark"];

/** @param {{set: (patch: any) => void, get: () => any}} store */
export function followTheme(store) {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const put = () => {
    const wanted = store.get().theme;
    const dark = wanted === "dark" || (wanted === "auto" && system.matches);
    document.documentElement.dataset.theme = dark ? "dark" : "light";
    store.set({ painted: dark ? "dark" : "light" });
  };
  system.addEventListener("change", put);
  store.on(["theme"], () => {
    keep("theme", store.get().theme);
    put();
  });
  put();
}

/** The theme kept from last time. */
export function keptTheme() {
  const found = kept("theme", "auto");
  return ORDER.includes(found) ? found : "auto";
}

/** The theme after this one. */
export function nextTheme(theme) {
  return ORDER[(ORDER.indexOf(theme) + 1) % ORDER.length];
}
