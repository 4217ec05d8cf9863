// The right side: four tabs. Only the one that is open is drawn.

import { at, button, fill, h } from "./dom.js";
import { buildJournal } from "./journal.js";
import { buildObserve } from "./observe.js";
import { buildStructure } from "./structure.js";
import { buildWeigh } from "./weigh.js";

const TABS = [
  ["structure", "Structure", buildStructure],
  ["observe", "Observe", buildObserve],
  ["weigh", "Weigh", buildWeigh],
  ["journal", "Journal", buildJournal],
];

export function buildPanel(page) {
  const { store, act } = page;
  page.panel = { draw() {}, observeKey: () => false };
  const bodies = {};
  const tabs = TABS.map(([id, label, build]) => {
    bodies[id] = h("div", {
      role: "tabpanel",
      id: `panel-${id}`,
      class: "body",
      tabindex: "0",
      "aria-labelledby": `tab-${id}`,
    });
    build(page, bodies[id]);
    return button(label, () => act.tab(id), {
      role: "tab",
      id: `tab-${id}`,
      class: "",
      "aria-controls": `panel-${id}`,
      data: { tab: id },
    });
  });
  const list = h("div", { role: "tablist", class: "tabs", "aria-label": "Panel" }, tabs);
  list.addEventListener("keydown", (event) => {
    const here = tabs.findIndex((tab) => tab === document.activeElement);
    const to = { ArrowRight: here + 1, ArrowLeft: here - 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (to === undefined || here < 0) return;
    const tab = tabs[(to + tabs.length) % tabs.length];
    act.tab(tab.dataset.tab);
    tab.focus();
    event.preventDefault();
    event.stopPropagation();
  });
  fill(at("panel"), list, h("div", { class: "bodies" }, Object.values(bodies)));

  const draw = ({ tab: open }) => {
    for (const tab of tabs) {
      const on = tab.dataset.tab === open;
      tab.setAttribute("aria-selected", String(on));
      tab.tabIndex = on ? 0 : -1;
    }
    for (const [id, body] of Object.entries(bodies)) body.hidden = id !== open;
  };
  store.on(["tab"], draw);
  draw(store.get());
}

/** Draw a tab now if it is open, and whenever `keys` change while it is; also when it is opened. */
export function whileOpen(store, tab, keys, draw) {
  let stale = true;
  store.on([...keys, "tab"], (shown) => {
    stale = true;
    if (shown.tab !== tab) return;
    stale = false;
    draw(shown);
  });
  if (store.get().tab === tab && stale) draw(store.get());
}

/** What every tab says in blind mode. */
export function blindNote(what) {
  return h(
    "p",
    { class: "blindnote" },
    h("b", {}, "Blind mode. "),
    what,
    " Press ",
    h("kbd", {}, "x"),
    " to see everything.",
  );
}
