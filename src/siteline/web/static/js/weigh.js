// The Weigh tab: events against brackets, claims against looks, items against hypotheses, what is found in the end, and
// the sources that all of it rests on.

import { buildClaims } from "./claims.js";
import { button, fill, h, keepFocus, name } from "./dom.js";
import { viewOfDraft } from "./drafts.js";
import { buildEvents } from "./events.js";
import { buildMatrix } from "./matrix.js";
import { blindNote, whileOpen } from "./panel.js";
import { buildPrior } from "./prior.js";
import { buildSources } from "./sources.js";
import { buildStatements } from "./statements.js";

export function buildWeigh(page, body) {
  const { store } = page;
  const views = {
    events: ["Events", both(buildPrior, buildEvents)],
    claims: ["Claims", buildClaims],
    hypotheses: ["Hypotheses", both(buildMatrix, buildStatements)],
    findings: ["Findings", buildFindings],
    sources: ["Sources", buildSources],
  };
  const left = viewOfDraft(page.editing.drafts);
  let open = left in views ? left : "events";
  const note = h("div", {});
  const choose = h("div", { class: "seg wide", role: "group", "aria-label": "What to weigh" });
  const parts = Object.fromEntries(Object.keys(views).map((id) => [id, h("section", { id: `weigh-${id}` })]));
  const draws = Object.fromEntries(Object.entries(views).map(([id, [, build]]) => [id, build(page, parts[id])]));
  const draw = () => {
    const shown = store.get();
    const { model } = shown;
    fill(note, model.blind && blindNote("Claims, hypotheses and findings are hidden."));
    choose.hidden = model.blind;
    fill(
      choose,
      Object.entries(views).map(([id, [label]]) =>
        button(label, () => ((open = id), draw(), choose.querySelector(`[data-view=${id}]`).focus()), {
          class: "",
          "aria-pressed": String(id === open),
          data: { view: id },
        }),
      ),
    );
    for (const [id, part] of Object.entries(parts)) part.hidden = model.blind || id !== open;
    if (model.blind) for (const part of Object.values(parts)) fill(part);
    else keepFocus(body, () => draws[open](shown));
  };
  fill(body, h("h2", { class: "hide" }, "Weigh"), note, choose, Object.values(parts));
  whileOpen(store, "weigh", ["model", "structure"], draw);
}

/** Two parts, one above the other. */
function both(...builds) {
  return (page, root) => {
    const parts = builds.map(() => h("div", {}));
    const draws = builds.map((build, n) => build(page, parts[n]));
    return (shown) => {
      fill(root, parts);
      for (const draw of draws) draw(shown);
    };
  };
}

function buildFindings(page, root) {
  return ({ model }) => {
    fill(
      root,
      h("h3", {}, "What the evidence says", h("span", { class: "count" }, String(model.findings.length))),
      model.findings.length
        ? h(
            "ul",
            { class: "findings" },
            model.findings.map((one) =>
              h("li", {}, h("p", { dir: "auto" }, one.text), h("p", { class: "small muted", dir: "auto" }, one.confidence)),
            ),
          )
        : h("p", { class: "muted" }, "Nothing is found yet: there are no dated looks."),
      model.disagreements.length > 0 &&
        h("h3", {}, "Where sources disagree", h("span", { class: "count" }, String(model.disagreements.length))),
      model.disagreements.map((one) =>
        h(
          "div",
          { class: "disagreement" },
          h("p", { class: "b", dir: "auto" }, one.title),
          h(
            "ul",
            {},
            one.sides.map((side) =>
              h(
                "li",
                {},
                name(side.text),
                h(
                  "span",
                  { class: "muted small" },
                  ` — ${side.ids.length} claims or looks from ${side.sources.length} sources`,
                ),
              ),
            ),
          ),
        ),
      ),
    );
  };
}
