// The strip of chips: the footprint's surroundings, scene after scene. A chip is asked for when it comes into sight.

import { chipAddress } from "./api.js";
import { button, fill, h } from "./dom.js";
import { mark } from "./look.js";
import { roving } from "./roving.js";
import { day, iso, plain, plural, status, usableOf } from "./words.js";

const SIZE = 128; // pixels asked for
const AHEAD = "0px 260px"; // what comes into sight next is asked for too

export function buildChips({ store, act }, root) {
  const strip = h("div", { class: "strip", role: "group", "aria-label": "Chips by time" });
  const head = h("h3", {});
  const all = h("input", { type: "checkbox", on: { change: () => draw(store.get()) } });
  const box = h("label", { class: "check small" }, all, h("span", {}));
  const stops = roving(strip, ".chip", ["ArrowLeft", "ArrowRight"], () => strip.querySelector("[aria-pressed=true]"));
  const sight = new IntersectionObserver((seen) => load(seen, sight), { root: strip, rootMargin: AHEAD });
  let drawn = "";

  function draw(shown) {
    const { model, structure, data } = shown;
    const one = model.structureById.get(structure);
    root.hidden = !one?.geometry || !model.drawable.length;
    const key = `${structure}|${one?.version}|${all.checked}|${model.blind}|${data.revision}`;
    if (root.hidden || drawn === key) return;
    drawn = key;
    const good = model.drawable.filter((scene) => scene.status !== "not");
    const scenes = all.checked ? model.drawable : good;
    const left = model.drawable.length - good.length;
    const usable = good.filter((scene) => scene.status === "usable").length;
    fill(head, "Scene by scene", h("span", { class: "count" }, model.blind ? "" : usableOf(usable, model.drawable.length)));
    box.hidden = !left;
    box.lastChild.textContent = `with ${plural(left, "scene")} not usable`;
    sight.disconnect();
    const made = scenes.map((scene) => chip(model, one, scene, act));
    fill(strip, made);
    for (const each of made) sight.observe(each);
    mind(strip, shown);
    stops();
  }

  fill(root, head, strip, box);
  store.on(["scene", "other", "mode"], (shown) => shown.tab === "structure" && (mind(strip, shown), stops()));
  return { draw };
}

/** Ask for the pictures that come into sight. */
function load(seen, sight) {
  for (const one of seen) {
    if (!one.isIntersecting) continue;
    const picture = one.target.querySelector("img");
    picture.src = picture.dataset.src;
    sight.unobserve(one.target);
  }
}

function chip(model, one, scene, act) {
  const looks = (model.looksIn.get(scene.id) ?? []).filter((look) => look.structure === one.id);
  const said = [...new Set(looks.map((look) => plain(look.state)))].join(" / ");
  const state = looks.find((look) => look.canonical)?.canonical ?? null;
  const src = chipAddress(one.id, scene.id, SIZE, one.version);
  const picture = h("img", { alt: "", width: SIZE, height: SIZE, decoding: "async", data: { src } });
  picture.addEventListener("error", () => picture.closest("button").classList.add("missing"));
  const told = h("span", { class: "said" }, looks.length > 0 && mark(model.styles, state), said);
  return button([picture, h("span", { class: "num date" }, day(scene.t)), told], () => act.scene(scene.id), {
    class: `chip ${scene.status}`,
    data: { scene: scene.id, keep: `chip ${scene.id}` },
    "aria-label": [`${iso(scene.t)} UTC`, status(scene), said].filter(Boolean).join("; "),
    title: status(scene),
  });
}

/** Mark the chips of the scenes that are shown, and bring that of A into sight. */
function mind(strip, { scene, other, mode }) {
  for (const one of strip.children) {
    const on = one.dataset.scene === scene || (mode !== "single" && one.dataset.scene === other);
    one.setAttribute("aria-pressed", String(on));
    if (one.dataset.scene === scene) strip.scrollLeft = one.offsetLeft - strip.clientWidth / 2 + one.offsetWidth / 2;
  }
}
