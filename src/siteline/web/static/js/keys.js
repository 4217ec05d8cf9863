// Keys of the whole page. A text field, an open dialog and modifier keys keep their own meaning.

import { at, typing } from "./dom.js";
import { help, lettersOn } from "./help.js";
import { takeBorder } from "./swipe.js";

const TABS = ["structure", "observe", "weigh", "journal"];

export function followKeys({ store, act, editing, place, panel }) {
  const plain = {
    n: () => act.step(1),
    p: () => act.step(-1),
    j: () => act.stepStructure(1),
    k: () => act.stepStructure(-1),
    f: () => place.fit(store.get().structure),
    s: () => {
      act.mode("swipe");
      takeBorder();
    },
    b: () => act.mode("blink"),
    o: () => act.mode("opacity"),
    g: () => act.swap(),
    c: () => store.set({ hatch: !store.get().hatch }),
    v: () => act.board(),
    x: () => act.blind(),
    u: () => editing.undoLast(),
    d: () => panel.draw(),
    "/": () => at("search").focus(),
    "?": () => help(),
  };
  addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (document.querySelector("dialog[open]") || document.querySelector(".menu:not([hidden]),form[inert]")) return;
    if (typing(event.target)) return;
    if (place.drawKey(event) || place.compareKey(event)) return event.preventDefault();
    if (event.key === "Escape" && store.get().mode !== "single") return act.mode("single");
    if (!lettersOn()) return;
    const number = event.shiftKey && /^Digit[1-4]$/.test(event.code) ? Number(event.code.slice(5)) : 0;
    if (number) return (act.tab(TABS[number - 1]), event.preventDefault());
    if (store.get().tab === "observe" && panel.observeKey(event)) return event.preventDefault();
    const found = plain[event.key];
    if (!found || (event.repeat && !"npjk".includes(event.key))) return;
    found();
    event.preventDefault();
  });
}
