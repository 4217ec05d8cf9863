// The bar at the top: whose case, whose eyes, and the tools.

import { at, button, fill, h, name } from "./dom.js";
import { buildExport } from "./exports.js";
import { help } from "./help.js";
import { buildSearch } from "./search.js";
import { nextTheme } from "./theme.js";
import { askWho } from "./who.js";

export function buildBar(page) {
  const { store, act } = page;
  const blind = button("Blind", () => act.blind(), { title: "Hide what others and the machine say (x)" });
  const who = button("", () => askWho(store), { title: "Whose name stands beside your changes" });
  const theme = button("", () => store.set({ theme: nextTheme(store.get().theme) }), { class: "btn plain" });
  const keys = button("?", () => help(store), {
    class: "btn plain",
    "aria-label": "Help and keys",
    title: "Help and keys (?)",
  });
  fill(at("tools"), buildSearch(page), blind, buildExport(page), who, theme, keys);

  const title = ({ data }) => {
    const text = data.title || data.case;
    fill(at("title"), text);
    fill(at("subtitle"), data.read_only ? `${data.subtitle} (read-only)` : data.subtitle);
    document.title = `${text} · siteline`;
  };
  const person = ({ who: held }) => fill(who, held ? name(held) : "Your name");
  const dressed = ({ theme: held }) => {
    fill(theme, h("span", { "aria-hidden": "true" }, { auto: "◐", light: "○", dark: "●" }[held]));
    theme.setAttribute("aria-label", `Theme: ${held}`);
    theme.title = `Theme: ${held}`;
  };
  const eyes = ({ blind: on }) => blind.setAttribute("aria-pressed", String(on));
  store.on(["data"], title);
  store.on(["who"], person);
  store.on(["theme"], dressed);
  store.on(["blind"], eyes);
  for (const draw of [title, person, dressed, eyes]) draw(store.get());
}
