// The strip of chips: the footprint's surroundings, scene after scene. A chip is asked for when it comes into sight.

import { chipAddress } from "./api.js";
import { button, fill, h } from "./dom.js";
import { mark } from "./look.js";
import { roving } from "./roving.js";
import { day, iso, plain, plural, status } from "./words.js";

const SIZE = 128;

export function buildChips({ store, act }, root) {
  const strip = h("div", { class: "strip", role: "group", "aria-label": "Chips by time" });
  const head = h("h3", {});
  const note = h("p", { class: "small muted" });
  const all = h("input", { type: "checkbox", on: { change: () => draw(store.get()) } });
  const box = h("label", { class: "check small" }, all, h("span", {}));
  let drawn = "";
  const stops = roving(strip, ".chip", ["ArrowLeft", "ArrowRight"], () => strip.querySelector("[aria-pressed=true]"));
  const sight = new IntersectionObserver(
    (seen) => {
      for (const one of seen) {
        if (!one.isIntersecting) continue;
        const picture = one.target.querySelector("img");
        picture.src = picture.dataset.src;
        sight.unobserve(one.target);
      }
    },
    { root: strip, rootMargin: "0px 260px" },
  );

  function draw(shown) {
    const { model, structure } = shown;
    const one = model.structureById.get(structure);
    const key = `${structure}|${one?.version}|${model.data}|${all.checked}|${model.blind}|${shown.data.revision}`;
    if (drawn === key) return;
    drawn = key;
    root.hidden = !one?.geometry || !model.drawable.length;
    if (root.hidden) return;
    const good = model.drawable.filter((scene) => scene.status !== "not");
    const scenes = all.checked ? model.drawable : good;
    const left = model.drawable.length - good.length;
    fill(head, "Every scene of it", h("span", { class: "count" }, String(scenes.length)));
    box.hidden = !left;
    box.lastChild.textContent = `with ${plural(left, "scene")} that cannot be used`;
    sight.disconnect();
    fill(
      strip,
      scenes.map((scene) => chip(model, one, scene)),
    );
    for (const made of strip.children) sight.observe(made);
    mind(store.get());
  }

  function chip(model, one, scene) {
    const looks = (model.looksIn.get(scene.id) ?? []).filter((look) => look.structure === one.id);
    const said = [...new Set(looks.map((look) => plain(look.state)))].join(" / ");
    const picture = h("img", {
      alt: "",
      width: SIZE,
      height: SIZE,
      decoding: "async",
      data: { src: chipAddress(one.id, scene.id, SIZE, one.version) },
    });
    picture.addEventListener("error", () => picture.closest("button").classList.add("missing"));
    return button(
      [
        picture,
        h("span", { class: "num date" }, day(scene.t)),
        h(
          "span",
          { class: "said" },
          looks.length > 0 && mark(model.styles, looks.find((look) => look.canonical)?.canonical ?? null),
          said,
        ),
      ],
      () => act.scene(scene.id),
      {
        class: `chip ${scene.status}`,
        data: { scene: scene.id, keep: `chip ${scene.id}` },
        "aria-label": [`${iso(scene.t)} UTC`, status(scene), said].filter(Boolean).join("; "),
        title: status(scene),
      },
    );
  }

  /** Mark the chip of the scene that is shown, and bring it into sight. */
  function mind({ scene, other, mode }, jump = true) {
    for (const one of strip.children) {
      const on = one.dataset.scene === scene || (mode !== "single" && one.dataset.scene === other);
      one.setAttribute("aria-pressed", String(on));
      if (one.dataset.scene === scene && jump)
        strip.scrollLeft = one.offsetLeft - strip.clientWidth / 2 + one.offsetWidth / 2;
    }
    stops();
  }

  fill(root, head, strip, box, note);
  store.on(["scene", "other", "mode"], (shown) => shown.tab === "structure" && mind(shown));
  return { draw };
}
