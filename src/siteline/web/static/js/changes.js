// The changes of a structure: each with its bracket drawn, its numbers, and the looks that decide it.

import { button, h, name, s } from "./dom.js";
import { mark } from "./look.js";
import { grouped } from "./model.js";
import { pairFor } from "./actions.js";
import { bracket, day, likelihood, percent, plain, range, spanDay } from "./words.js";

const [WIDE, HILL, FOOT] = [400, 30, 34];

export function changeList(page, one) {
  const { model } = page.store.get();
  if (model.blind || !one.transitions.length) return [];
  return [
    h("h3", {}, "What changed, and what decides it", h("span", { class: "count" }, String(one.transitions.length))),
    h(
      "ol",
      { class: "changes" },
      one.transitions.map((change) => changeRow(page, model, one, change)),
    ),
  ];
}

function changeRow(page, model, one, change) {
  const closed = change.after !== null && change.by !== null;
  return h(
    "li",
    {},
    h(
      "p",
      { class: "what" },
      mark(model.styles, change.after === null ? null : change.from_state),
      h("span", { "aria-hidden": "true", class: "arrow" }, "→"),
      mark(model.styles, change.to_state),
      h("b", {}, ` ${change.after === null ? "earlier state unseen" : plain(change.from)} to ${plain(change.to)}`),
    ),
    closed && picture(change),
    h("p", {}, h("span", { class: "num-wrap" }, capitalised(bracket(change.after, change.by))), "."),
    h(
      "p",
      { class: "small muted" },
      `That it lies in there is ${likelihood(change.probability)} (${percent(change.probability)})`,
      closed
        ? `; if so, half of the probability lies in ${range(...change.interval50)}, 90 % in ${range(...change.interval90)}.`
        : "; no earlier look bounds it.",
    ),
    evidence(page, model, change),
    closed &&
      h(
        "div",
        { class: "row" },
        model.drawable.length > 1 &&
          button("Compare before and after", () => pair(page, one, change), {
            class: "btn small",
            data: { keep: `pair ${change.id}` },
          }),
        button("Show on the time line", () => around(page, change), {
          class: "btn small",
          data: { keep: `around ${change.id}` },
        }),
      ),
  );
}

const capitalised = (text) => text[0].toUpperCase() + text.slice(1);

/** Which looks bound the change, how sure each is and whose; then those against it, and those that could not tell. */
function evidence({ act }, model, change) {
  const found = (ids) => ids.map((id) => model.lookById.get(id)).filter(Boolean);
  const by = (look) =>
    look.machine ? "the machine" : look.observer || model.sourceById.get(look.source)?.publisher || look.id;
  const line = (label, looks, more) =>
    looks.length > 0 &&
    h(
      "p",
      { class: "small evidence" },
      h("span", { class: "muted" }, `${label} `),
      [...grouped(looks, (look) => `${look.machine} ${spanDay(look)} ${look.state}`).values()].map((same) => [
        ref(act, model, same, [...new Set(same.map(by))].join(", ")),
        more && sureness(model, same, by),
      ]),
    );
  const ends = found(change.deciding);
  const late = (look) => change.after === null || look.first > change.after + 1e-6;
  return [
    line("Last look without it", ends.filter((look) => !late(look)), true),
    line("First look with it", ends.filter(late), true),
    line("Against it", found(change.dissenting)),
    line("Could not tell", found(change.unusable)),
  ];
}

/** Looks of one day that say the same, as one button that leads there. */
function ref(act, model, same, title) {
  const [look] = same;
  const scene = model.sceneById.get(look.scene);
  return button(
    [look.machine ? "◆ " : "", spanDay(look), " ", plain(look.state), same.length > 1 ? ` ×${same.length}` : ""],
    () => (scene ? act.scene(scene.id) : look.t !== null && act.time(look.t)),
    { class: "ref", title },
  );
}

/** `high confidence: 38 North, CNN; low: Reuters`, the surest first. */
function sureness(model, same, by) {
  const held = model.confidences.map((word) => [word, same.filter((look) => look.confidence === word)]);
  const told = held.filter(([, looks]) => looks.length);
  return h(
    "span",
    { class: "sureness" },
    told.map(([word, looks], n) => [
      n ? `; ${word}: ` : `${word} confidence: `,
      name([...new Set(looks.map(by))].join(", ")),
    ]),
  );
}

function pair({ store }, one, change) {
  const [a, b] = pairFor({ ...store.get(), structure: one.id, time: (change.after + change.by) / 2 });
  store.set({ looked: "", scene: a.id, other: b.id, time: a.t, mode: "swipe" });
}

function around({ store, timeline }, change) {
  const room = Math.max(4, 1.1 * (change.by - change.after));
  store.set({ window: [change.after - room, change.by + room] });
  timeline?.grip.focus();
}

/** The posterior over the date as a hill on its bracket. */
function picture(change) {
  const { edges, mass } = change.posterior;
  const [first, last] = [change.after, change.by];
  const long = last - first;
  const low = Math.max(first - 0.25 * long, Math.min(first - 0.07 * long, edges[0] ?? first));
  const high = Math.min(last + 0.35 * long, Math.max(last + 0.07 * long, edges.at(-1) ?? last));
  const x = (t) => ((t - low) / (high - low)) * WIDE;
  const dense = mass.map((m, n) => m / Math.max(1e-9, edges[n + 1] - edges[n]));
  const peak = Math.max(...dense, 1e-12);
  const steps = dense
    .map((one, n) => `L${x(edges[n]).toFixed(1)} ${(FOOT - (HILL * one) / peak).toFixed(1)}H${x(edges[n + 1]).toFixed(1)}`)
    .join("");
  const bar = ([a, b], thick) =>
    s("rect", { x: x(a), y: FOOT + 6 - thick / 2, width: Math.max(1, x(b) - x(a)), height: thick, fill: "var(--ink)" });
  const label = (t, anchor) =>
    s("text", { x: x(t), y: FOOT + 25, "text-anchor": anchor, "font-size": 12, fill: "var(--muted)" }, day(t));
  const said = `Most likely within ${range(...change.interval50)}`;
  return s(
    "svg",
    { class: "picture", viewBox: `0 0 ${WIDE} ${FOOT + 28}`, role: "img", "aria-label": said },
    mass.length > 0 &&
      s("path", { d: `M${x(edges[0]).toFixed(1)} ${FOOT}${steps}V${FOOT}Z`, fill: "var(--muted)", opacity: 0.4 }),
    s("path", {
      d: `M${x(first)} ${FOOT + 6}H${x(last)}M${x(first)} ${FOOT + 1}v10M${x(last)} ${FOOT + 1}v10`,
      stroke: "var(--ink)",
      "stroke-width": 1.2,
    }),
    bar(change.interval90, 3),
    bar(change.interval50, 6),
    label(first, "start"),
    label(last, "end"),
  );
}
