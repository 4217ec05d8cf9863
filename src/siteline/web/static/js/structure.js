// One structure: what is known of it, its scenes as chips, what the pixels measure, who said what, what decides.

import { changeList } from "./changes.js";
import { buildChips } from "./chips.js";
import { button, fill, h, keepFocus, link, name } from "./dom.js";
import { heldWords, mark, stateLabel } from "./look.js";
import { stateAt } from "./model.js";
import { blindNote, whileOpen } from "./panel.js";
import { buildSeries } from "./series.js";
import { verdictMark } from "./verdicts.js";
import { capital, plain, plural, span, when } from "./words.js";

export function buildStructure(page, body) {
  const { store } = page;
  const head = h("div", {});
  const now = h("p", { class: "now" });
  const changes = h("section", {});
  const chips = h("section", {});
  const series = h("section", {});
  const looks = h("section", {});
  const claims = h("section", {});
  fill(body, head, now, changes, chips, series, looks, claims);
  const strip = buildChips(page, chips);
  const plot = buildSeries(page, series);
  let shownFor = "";

  whileOpen(store, "structure", ["model", "structure", "painted"], (shown) => {
    const one = shown.model.structureById.get(shown.structure);
    for (const part of [changes, chips, series, looks, claims]) part.hidden = !one;
    if (!one)
      return fill(
        head,
        h("p", { class: "muted" }, "This case has no structures yet. Under Observe the first one is drawn."),
      );
    keepFocus(body, () => {
      fill(head, title(page, shown.model, one));
      fill(changes, changeList(page, one));
      strip.draw(shown);
      plot.draw(shown);
      fill(looks, lookList(page, shown, one));
      fill(claims, claimList(page, shown, one));
    });
    if (shownFor !== one.id) body.scrollTop = 0;
    shownFor = one.id;
    return undefined;
  });
  whileOpen(store, "structure", ["time", "model", "structure"], ({ model, structure, time }) => {
    const one = model.structureById.get(structure);
    now.hidden = !one || model.blind;
    if (now.hidden) return;
    const held = stateAt(one, time);
    fill(
      now,
      mark(model.styles, held.state, held.kind),
      h(
        "span",
        {},
        h("b", {}, capital(heldWords(model.styles, held))),
        h("span", { class: "muted num" }, ` on ${when(time)}`),
      ),
    );
  });
}

function title(page, model, one) {
  return [
    one.kind && h("p", { class: "small muted kind" }, name(plain(one.kind)), one.key && " · key structure"),
    h("h2", {}, name(one.name)),
    model.blind
      ? blindNote("Only your own looks are shown.")
      : one.sentence && h("p", { class: "says", dir: "auto" }, one.sentence),
    one.notes && h("p", { class: "small muted", dir: "auto" }, one.notes),
    !one.geometry &&
      h(
        "p",
        { class: "small muted" },
        "It has no place on the map yet. ",
        button("Draw it", () => page.panel.draw(), { class: "plainlink" }),
      ),
  ];
}

/** What observers said, by time. */
function lookList(page, { model }, one) {
  const held = [...(model.looksOf.get(one.id) ?? [])].sort((a, b) => (a.t ?? Infinity) - (b.t ?? Infinity));
  return [
    h("h3", {}, model.blind ? "What you said" : "What observers said", h("span", { class: "count" }, String(held.length))),
    held.length
      ? h(
          "ul",
          { class: "looks" },
          held.map((look) => lookRow(page, model, look)),
        )
      : h("p", { class: "muted" }, model.blind ? "You have not looked yet." : "Nobody has looked yet."),
  ];
}

/** One look; its date leads to its scene. */
export function lookRow({ act }, model, look) {
  const source = model.sourceById.get(look.source);
  const scene = model.sceneById.get(look.scene);
  const go = () => (scene ? act.scene(scene.id) : look.t !== null && act.time(look.t));
  const by = look.machine ? "the machine" : look.observer || source?.publisher || "not named";
  const who = source?.url ? link(source.url, name(by)) : name(by);
  return h(
    "li",
    { data: { look: look.id } },
    h(
      "div",
      { class: "line" },
      button(span(look), go, { class: "when num", data: { keep: `look ${look.id}` } }),
      h(
        "span",
        { class: "state" },
        mark(model.styles, look.canonical),
        h(
          "b",
          {},
          look.canonical === "complete" && look.state === "complete"
            ? stateLabel(model.styles, "complete")
            : plain(look.state),
        ),
      ),
      h("span", { class: "muted" }, `${look.confidence} confidence`),
    ),
    h(
      "p",
      { class: "small" },
      who,
      look.activity && look.activity !== "none" && [" · ", name(plain(look.activity))],
      look.paraphrase && [h("span", { class: "muted" }, " — "), name(look.paraphrase, { class: "muted" })],
    ),
  );
}

function claimList({ act }, { model }, one) {
  const held = model.claims.filter((claim) => claim.structure === one.id);
  if (!held.length) return [];
  return [
    h(
      "h3",
      {},
      "Claims about it",
      h("span", { class: "count" }, String(held.length)),
      button("Weigh them", () => act.tab("weigh"), { class: "btn small plain" }),
    ),
    h(
      "ul",
      { class: "claimlist" },
      held.map((claim) => {
        const source = model.sourceById.get(claim.source);
        return h(
          "li",
          {},
          verdictMark(claim.verdict),
          h("p", {}, name(claim.paraphrase || plain(claim.type))),
          h("p", { class: "small muted" }, source && name(source.publisher), source && ". ", name(claim.because)),
        );
      }),
    ),
    model.claims.length > held.length &&
      h("p", { class: "small muted" }, `${plural(model.claims.length - held.length, "claim")} about other structures.`),
  ];
}
