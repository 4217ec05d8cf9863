// What can be taken away: figures, the report, a bundle, layers for QGIS. The server makes them; the browser saves them.

import { menu } from "./dialogs.js";
import { button, h } from "./dom.js";

const KINDS = [
  ["figure.svg", "Time line, SVG", "the chosen structure: looks, brackets, posteriors"],
  ["figure.png", "Time line, PNG", "the same as a picture"],
  ["compare.svg", "Before and after, SVG", "the two compared scenes, with scale, north, dates and credits"],
  ["compare.png", "Before and after, PNG", "the same as a picture"],
  ["chips.svg", "Chips, SVG", "every scene of the chosen structure"],
  ["chips.png", "Chips, PNG", "the same as a picture"],
  ["report.zip", "Report", "HTML and PDF"],
  ["bundle.zip", "Bundle", "all tables, the report and the journal"],
  ["layers.gpkg", "Layers for QGIS", "GeoPackage"],
];

export function buildExport({ store }) {
  const opener = button("Export", () => {}, {});
  menu(opener, () => {
    const shown = store.get();
    if (shown.blind) return [h("p", { class: "head" }, "Exports hold what others saw. Leave blind mode to make one.")];
    return KINDS.filter(([kind]) => possible(kind, shown)).map(([kind, label, what]) =>
      h("a", { href: address(kind, shown), download: "" }, label, h("small", {}, what)),
    );
  });
  return opener;
}

/** Two scenes must be on screen to compare them, and the structure must have a place to have chips. */
function possible(kind, { model, structure, mode, other }) {
  if (kind.startsWith("compare")) return mode !== "single" && Boolean(other);
  if (kind.startsWith("chips")) return model.drawable.length > 0 && Boolean(model.structureById.get(structure)?.geometry);
  return true;
}

/** Address of an export of what is on screen. */
export function address(kind, { structure, model, scene, other, bands, painted }) {
  const query = new URLSearchParams();
  if (!/^(figure|compare|chips)/.test(kind)) return `/api/export/${kind}`;
  query.set("theme", painted);
  if (kind.startsWith("figure")) {
    if (structure && model.looksOf.has(structure)) query.set("structures", structure);
  } else {
    query.set("structure", structure);
    if (bands) query.set("bands", bands);
  }
  if (kind.startsWith("compare")) {
    const [first, second] = [scene, other].sort((a, b) => model.sceneById.get(a).t - model.sceneById.get(b).t);
    query.set("before", first);
    query.set("after", second);
  }
  return `/api/export/${kind}?${query}`;
}
