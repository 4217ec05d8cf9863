// Find a structure, a scene, an event or a claim by any part of its name or date.

import { fill, h, name } from "./dom.js";
import { span, taker } from "./words.js";

const MOST = 12;
const BOX = {
  type: "search",
  id: "search",
  placeholder: "Search",
  "aria-label": "Search structures, scenes, events, claims",
  role: "combobox",
  "aria-expanded": "false",
  "aria-controls": "found",
  "aria-autocomplete": "list",
  autocomplete: "off",
  dir: "auto",
};

export function buildSearch({ store, act }) {
  const list = h("div", { class: "menu", role: "listbox", id: "found", "aria-label": "Found", hidden: true });
  const box = h("input", BOX);
  const root = h("div", { class: "search" }, box, h("kbd", { "aria-hidden": "true" }, "/"));
  root.append(list);
  let found = [];
  let chosen = 0;

  const close = () => {
    list.hidden = true;
    box.setAttribute("aria-expanded", "false");
    box.removeAttribute("aria-activedescendant");
  };
  const pick = (one) => {
    if (!one) return;
    close();
    box.value = "";
    box.blur();
    one.go();
  };
  const draw = () => {
    const place = box.getBoundingClientRect();
    list.style.left = `${Math.min(place.left, innerWidth - 330)}px`;
    list.style.top = `${place.bottom + 4}px`;
    list.style.width = "320px";
    fill(list, found.length ? found.map((one, n) => option(one, n, n === chosen, pick)) : nothing());
    list.hidden = false;
    box.setAttribute("aria-expanded", "true");
    if (found.length) box.setAttribute("aria-activedescendant", `found-${chosen}`);
  };
  box.addEventListener("input", () => {
    if (!box.value.trim()) return close();
    found = candidates(store.get(), act, box.value.trim().toLowerCase());
    chosen = 0;
    return draw();
  });
  box.addEventListener("keydown", (event) => {
    if (event.key === "Escape") (close(), box.blur());
    else if (event.key === "Enter") pick(found[chosen]);
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!by || !found.length) return;
    chosen = (chosen + by + found.length) % found.length;
    draw();
    event.preventDefault();
  });
  box.addEventListener("blur", close);
  return root;
}

function option(one, n, chosen, pick) {
  const props = { role: "option", id: `found-${n}`, "aria-selected": String(chosen) };
  const made = h("div", props, name(one.label), h("small", {}, one.kind, one.more && [" · ", name(one.more)]));
  made.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    pick(one);
  });
  return made;
}

function nothing() {
  return h("div", { class: "head", role: "option", "aria-disabled": "true", "aria-selected": "false" }, "Nothing found");
}

function candidates({ model }, act, text) {
  const has = (...parts) => parts.some((part) => part && part.toLowerCase().includes(text));
  const structures = model.structures.filter((one) => has(one.name, one.aliases, one.id, one.kind));
  const scenes = model.scenes.filter((one) => has(one.id, one.text, one.provider, one.platform));
  const events = model.events.filter((one) => one.first !== null && has(one.what, one.text, one.place));
  const claims = model.claims.filter((one) => has(one.paraphrase, one.id));
  return [
    ...structures.map((one) => ({ label: one.name, kind: "structure", more: one.kind, go: () => act.structure(one.id) })),
    ...scenes.map((one) => ({
      label: span(one),
      kind: "scene",
      more: taker(one),
      go: () => act.scene(one.id),
    })),
    ...events.map((one) => ({ label: one.what, kind: "event", more: one.text, go: () => act.time(one.first) })),
    ...claims.map((one) => ({
      label: one.paraphrase,
      kind: "claim",
      more: one.verdict,
      go: () => (act.structure(one.structure), act.tab("weigh")),
    })),
  ].slice(0, MOST);
}
