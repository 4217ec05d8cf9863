// What the pixels measure of a structure: every scene as a dot, the level on both sides of a change, and when it changed.

import { api } from "./api.js";
import { fill, h, s } from "./dom.js";
import { ticks, makeScale } from "./timescale.js";
import { hideTip, showTip } from "./tip.js";
import { bracket, capital, likelihood, percent, range, usableOf, when } from "./words.js";

const [LEFT, HIGH, LOW, HILL] = [44, 112, 58, 30];

export function buildSeries({ store, act, timeline }, root) {
  let told = null; // {structure, revision, stacks}
  let stop = null;
  let asking = "";
  const box = h("div", { class: "series" });

  async function ask({ structure, data }) {
    const key = `${structure}|${data.revision}`;
    if (asking === key) return;
    asking = key;
    stop?.abort();
    stop = new AbortController();
    try {
      told = { structure, revision: data.revision, ...(await api.series(structure, stop.signal)) };
      show();
    } catch (error) {
      if (error.name === "AbortError") return;
      asking = "";
      fill(box, h("p", { class: "muted small" }, error.told ?? String(error)));
    }
  }

  function draw(shown) {
    const { model, structure, data } = shown;
    const found = (model.detectionsOf.get(structure) ?? []).length > 0 || data.detections.length > 0;
    root.hidden = model.blind || !found;
    if (root.hidden) return;
    if (told?.structure !== structure) fill(box, h("p", { class: "muted small" }, "Reading what was measured …"));
    if (told?.structure !== structure || told.revision !== data.revision) ask(shown);
    else show();
  }

  function show() {
    const shown = store.get();
    if (!told || told.structure !== shown.structure || root.hidden) return;
    const found = shown.model.detectionsOf.get(shown.structure) ?? [];
    const stacks = told.stacks.filter((stack) => stack.bands.length);
    fill(
      box,
      stacks.length
        ? stacks.map((stack) =>
            stackPlot(
              shown,
              stack,
              found.find((one) => one.stack === stack.stack),
              box.clientWidth || 400,
              act,
            ),
          )
        : h("p", { class: "muted small" }, "Nothing was measured of it."),
    );
  }

  fill(root, h("h3", {}, "What the pixels measure"), box);
  let asked = false;
  const later = () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => ((asked = false), store.get().tab === "structure" && show()));
  };
  store.on(["window", "time", "painted"], later);
  addEventListener("resize", later);
  return { draw };
}

function stackPlot({ window, time }, stack, found, wide, act) {
  const scale = makeScale(window, wide - LEFT);
  const changes = found?.changes ?? [];
  const body = s("g", { transform: `translate(${LEFT} 0)` });
  const [top] = [HILL + 16];
  let y = top;
  for (const band of stack.bands.slice(0, 2)) {
    const high = y === top ? HIGH : LOW;
    body.append(...bandPlot(stack, band, changes, scale, y, high, act));
    y += high + 20;
  }
  y -= 12;
  body.append(...hidden(stack, scale, y), ...axis(scale, y + 16));
  for (const change of changes) body.prepend(...shape(change, scale, top, y));
  if (time > scale.t0 && time < scale.t1)
    body.append(s("path", { d: `M${scale.x(time).toFixed(1)} 0V${y + 10}`, stroke: "var(--ink)", "stroke-width": 1 }));
  const said = words(stack, found);
  return h(
    "figure",
    {},
    h("figcaption", {}, said),
    s("svg", { viewBox: `0 0 ${wide} ${y + 36}`, width: wide, height: y + 36, role: "img", "aria-label": said }, body),
    found?.conflict && h("p", { class: "small error" }, capital(found.conflict)),
    (found?.doubts ?? []).map((doubt) => h("p", { class: "small" }, "Doubt: ", doubt)),
  );
}

function words(stack, found) {
  const usable = stack.values[stack.bands[0]].filter((value) => value !== null).length;
  const counted = `${stack.stack}: ${usableOf(usable, stack.scenes.length, "look")}. `;
  if (!found) return counted;
  if (!found.changes.length) return `${counted}No change found; P(a change): ${percent(found.probability)}.`;
  return (
    counted +
    found.changes
      .map(
        (one) =>
          `Changed ${bracket(one.after, one.by)} (95 %: ${range(...one.interval95)}), ${likelihood(found.probability)}.`,
      )
      .join(" ")
  );
}

function bandPlot(stack, band, changes, scale, y, high, act) {
  const [values, spreads] = [stack.values[band], stack.spreads?.[band] ?? []];
  const levels = stack.levels?.[band] ?? [];
  const [low, top] = extent(values, levels);
  const at = (value) => y + high - ((Math.min(top, Math.max(low, value)) - low) / (top - low || 1)) * high;
  const parts = [
    s(
      "text",
      { x: 0, y: y - 5, "font-size": 11.5, fill: "var(--muted)" },
      capital(stack.labels?.[band] ?? band.replaceAll(":", ", ")),
    ),
  ];
  for (const value of [low, top]) {
    const near = Math.abs(value) >= 10 ? value.toFixed(0) : value.toFixed(2);
    parts.push(s("text", { x: -6, y: at(value) + 4, "font-size": 11, "text-anchor": "end", fill: "var(--muted)" }, near));
    parts.push(s("path", { d: `M0 ${at(value)}H${scale.width}`, stroke: "var(--hair)" }));
  }
  for (const level of levels) {
    for (const [a, b] of level.runs) {
      const [x0, x1] = [Math.max(0, scale.x(a)), Math.min(scale.width, scale.x(b))];
      if (x1 < 0 || x0 > scale.width) continue;
      parts.push(
        s("rect", {
          x: x0,
          y: at(level.value + level.error),
          width: Math.max(1, x1 - x0),
          height: Math.max(1, at(level.value - level.error) - at(level.value + level.error)),
          fill: "var(--link)",
          opacity: 0.3,
        }),
      );
      parts.push(
        s("path", { d: `M${x0} ${at(level.value)}H${Math.max(x1, x0 + 1)}`, stroke: "var(--link)", "stroke-width": 1.8 }),
      );
    }
  }
  stack.days.forEach((day, n) => {
    if (day === null || values[n] === null || day < scale.t0 || day > scale.t1) return;
    parts.push(
      dot(
        stack,
        n,
        scale.x(day),
        at(values[n]),
        spreads[n] ? Math.abs(at(values[n] + spreads[n]) - at(values[n])) : 0,
        values[n],
        act,
      ),
    );
  });
  return parts;
}

function dot(stack, n, x, y, spread, value, act) {
  const text = [
    h("span", { class: "row" }, h("b", {}, when(stack.days[n]))),
    h("span", { class: "row" }, `${value.toPrecision(3)}${stack.reasons[n] ? ` · ${stack.reasons[n]}` : ""}`),
  ];
  const made = s(
    "g",
    { class: "dot" },
    spread > 1.5 &&
      s("path", {
        d: `M${x.toFixed(1)} ${(y - spread).toFixed(1)}V${(y + spread).toFixed(1)}`,
        stroke: "var(--muted)",
        opacity: 0.6,
      }),
    s("circle", { cx: x.toFixed(1), cy: y.toFixed(1), r: 2.3, fill: "var(--ink)" }),
    s("circle", { cx: x.toFixed(1), cy: y.toFixed(1), r: 7, fill: "transparent" }),
  );
  made.addEventListener("pointerenter", (event) => showTip(event, text));
  made.addEventListener("pointerleave", hideTip);
  made.addEventListener("click", () => act.scene(stack.scenes[n]));
  return made;
}

/** The values with some room; those far from every level do not set the scale. */
function extent(values, levels) {
  const known = values.filter((value) => value !== null);
  const near = known.filter(
    (value) => !levels.length || levels.some((level) => Math.abs(value - level.value) <= 6 * Math.max(level.scatter, 1e-9)),
  );
  const used = [
    ...(near.length ? near : known),
    ...levels.flatMap((level) => [level.value - level.error, level.value + level.error]),
  ];
  const [low, high] = [Math.min(...used), Math.max(...used)];
  const room = 0.1 * (high - low) || 0.1;
  return used.length ? [low - room, high + room] : [0, 1];
}

/** When it changed: the posterior as a hill, the bracket as a pale band through all measures. */
function shape(change, scale, top, foot) {
  const { edges, mass } = change.posterior;
  const x = (t) => Math.min(scale.width, Math.max(0, scale.x(t)));
  const [left, right] = [change.after === null ? 0 : x(change.after), change.by === null ? scale.width : x(change.by)];
  const dense = mass.map((m, n) => m / Math.max(1e-9, edges[n + 1] - edges[n]));
  const peak = Math.max(...dense, 1e-12);
  const steps = dense
    .map(
      (one, n) =>
        `L${x(edges[n]).toFixed(1)} ${(HILL - ((HILL - 4) * one) / peak).toFixed(1)}H${x(edges[n + 1]).toFixed(1)}`,
    )
    .join("");
  return [
    s("rect", {
      x: left,
      y: top - 14,
      width: Math.max(1.6, right - left),
      height: foot - top + 14,
      fill: "var(--link)",
      opacity: 0.15,
    }),
    mass.length > 0 &&
      s("path", { d: `M${x(edges[0]).toFixed(1)} ${HILL}${steps}V${HILL}Z`, fill: "var(--link)", opacity: 0.75 }),
    s("path", { d: `M0 ${HILL}H${scale.width}`, stroke: "var(--hair)" }),
  ].filter(Boolean);
}

/** Scenes without a number, as ticks. */
function hidden(stack, scale, y) {
  const first = stack.values[stack.bands[0]];
  const ticksOf = stack.days
    .map((day, n) =>
      first[n] === null && day !== null && day >= scale.t0 && day <= scale.t1 ? `M${scale.x(day).toFixed(1)} ${y}v6` : "",
    )
    .join("");
  return ticksOf
    ? [
        s("path", { d: ticksOf, stroke: "var(--muted)", "stroke-width": 1.1 }),
        s("text", { x: -6, y: y + 7, "font-size": 10.5, "text-anchor": "end", fill: "var(--muted)" }, "hidden"),
      ]
    : [];
}

function axis(scale, y) {
  const parts = [s("path", { d: `M0 ${y - 4}H${scale.width}`, stroke: "var(--hair)" })];
  for (const tick of ticks(scale, 62)) {
    const x = scale.x(tick.t);
    if (x < 14 || x > scale.width - 16) continue;
    parts.push(s("text", { x, y: y + 12, "font-size": 11.5, "text-anchor": "middle", fill: "var(--muted)" }, tick.label));
  }
  return parts;
}
