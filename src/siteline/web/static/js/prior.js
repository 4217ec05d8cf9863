// Before or after an event? First whether the images decide it at all; then how the answer moves with the prior.

import { button, fill, h, name, s } from "./dom.js";
import { mark } from "./look.js";
import { eventName, likelihood, percent, plain, span } from "./words.js";

const [WIDE, HIGH] = [400, 74];

/** P(before) for a factor on the prior rates, between the numbers the server gives (evenly in the logarithm). */
export function before(position, factor) {
  const { factors, before: shares } = position;
  const at = Math.log(factor);
  if (at <= Math.log(factors[0])) return shares[0];
  for (let n = 1; n < factors.length; n += 1) {
    const [a, b] = [Math.log(factors[n - 1]), Math.log(factors[n])];
    if (at <= b + 1e-9) return shares[n - 1] + ((shares[n] - shares[n - 1]) * (at - a)) / (b - a);
  }
  return shares.at(-1);
}

/** A factor in words. */
export function factorWords(factor) {
  if (Math.abs(factor - 1) < 0.02) return "as declared";
  return factor > 1
    ? `${factor.toFixed(factor < 2 ? 2 : 1)} times as fast`
    : `${(1 / factor).toFixed(1 / factor < 2 ? 2 : 1)} times as slow`;
}

export function buildPrior({ store, act }, root) {
  let factor = 1;
  return function draw({ model, structure }) {
    const open = [...model.positions].sort(
      (a, b) =>
        Number(b.structure === structure) - Number(a.structure === structure) || Number(a.decided) - Number(b.decided),
    );
    if (!open.length)
      return fill(
        root,
        h("p", { class: "muted" }, "No key event falls near a change of this case. Key events are marked below."),
      );
    const rows = open.map((one) => row(model, one, act));
    const slider = h("input", {
      type: "range",
      min: -1,
      max: 1,
      step: 0.01,
      value: String(Math.log(factor) / Math.log(5)),
      "aria-label": "Prior rates, a fifth to five times",
      id: "prior",
      data: { keep: "prior" },
    });
    const said = h("output", { class: "b", for: "prior" });
    const move = () => {
      factor = 5 ** slider.valueAsNumber;
      said.textContent = factorWords(factor);
      slider.setAttribute("aria-valuetext", factorWords(factor));
      for (const one of rows) one.move(factor);
    };
    slider.addEventListener("input", move);
    slider.addEventListener("dblclick", () => ((slider.value = "0"), move()));
    fill(
      root,
      h(
        "div",
        { class: "prior" },
        h("p", {}, "How fast do such things change? Prior rates ", said),
        slider,
        h(
          "div",
          { class: "ends small muted" },
          h("span", {}, "a fifth"),
          h("span", {}, "as declared"),
          h("span", {}, "five times"),
        ),
      ),
      h(
        "ul",
        { class: "positions" },
        rows.map((one) => one.node),
      ),
    );
    move();
    return undefined;
  };
}

const share = (n) => HIGH - 14 - (HIGH - 24) * n;
const across = (f) => 8 + ((Math.log(f) / Math.log(5) + 1) / 2) * (WIDE - 48);

/** P(before) over the factors, with a dot that moves along it. */
function curve(position, dot) {
  const at = (f, n) => `${n ? "L" : "M"}${across(f).toFixed(1)} ${share(position.before[n]).toFixed(1)}`;
  const label = (text, y) => s("text", { x: WIDE - 34, y, "font-size": 11, fill: "var(--muted)" }, text);
  const said = `P(before) over the rates: ${percent(position.before[0])} to ${percent(position.before.at(-1))}`;
  return s(
    "svg",
    { class: "picture", viewBox: `0 0 ${WIDE} ${HIGH}`, role: "img", "aria-label": said },
    s("path", { d: `M8 ${share(0)}H${WIDE - 40}M8 ${share(1)}H${WIDE - 40}`, stroke: "var(--hair)" }),
    s("path", { d: `M8 ${share(0.5)}H${WIDE - 40}`, stroke: "var(--hair)", "stroke-dasharray": "2 3" }),
    s("path", { d: `M${across(1)} ${share(1)}V${share(0)}`, stroke: "var(--hair)" }),
    s("path", { d: position.factors.map(at).join(""), fill: "none", stroke: "var(--muted)", "stroke-width": 2 }),
    dot,
    label("100 %", share(1) + 4),
    label("0 %", share(0) + 4),
  );
}

/** What images say of it first, then the question, then the number. */
function question(model, position, act) {
  const event = model.eventById.get(position.event);
  const one = model.structureById.get(position.structure);
  const change = one?.transitions.find((held) => held.id === position.transition);
  const verdict = position.decided ? "The images decide." : "The images cannot decide this.";
  const about = button(name(one?.name ?? position.structure), () => act.structure(position.structure), {
    class: "plainlink",
  });
  return [
    h("p", { class: position.decided ? "decided" : "undecided" }, verdict),
    h(
      "h3",
      { class: "quiet" },
      mark(model.styles, change?.to_state ?? null),
      " ",
      about,
      change && `: ${plain(change.from)} to ${plain(change.to)}`,
    ),
    h("p", { class: "small" }, "before or after ", event && name(eventName(event)), event && ` (${span(event)})?`),
  ];
}

/** What P(before) rests on, in words. */
function basis(position) {
  if (position.by_pixels) return "by the pixels, whatever the prior";
  return position.decided ? "by images and prior" : "by the prior alone";
}

function row(model, position, act) {
  const number = h("span", { class: "big num" });
  const word = h("span", { class: "muted" });
  const dot = s("circle", { r: 4.5, fill: "var(--ink)" });
  const line = (one) => h("li", {}, h("span", {}, name(one.label)), h("span", { class: "num" }, percent(one.probability)));
  const node = h(
    "li",
    {},
    question(model, position, act),
    h("p", { class: "answer" }, number, " before ", word),
    curve(position, dot),
    h("p", { class: "small muted", dir: "auto" }, position.text),
    position.lines?.length > 1 && h("ul", { class: "small lines" }, position.lines.map(line)),
  );
  return {
    node,
    move(factor) {
      const now = before(position, factor);
      number.textContent = percent(now);
      word.textContent = `${likelihood(now)}, ${basis(position)}`;
      dot.setAttribute("cx", across(factor));
      dot.setAttribute("cy", share(now));
    },
  };
}
