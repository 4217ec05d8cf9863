// What can be taken away: figures, the report, a bundle, layers for QGIS. The server makes them; the browser saves them.

import { menu } from "./dialogs.js";
import { button, h } from "./dom.js";

const KINDS = [
  ["figure.svg", "Figure, SVG", "the time line of the key structures, with dates and credits"],
  ["figure.png", "Figure, PNG", "the same, for slides and pages"],
  ["map.png", "Map, PNG", "the scenes on screen, with scale, north, dates and credits"],
  ["report.zip", "Report", "HTML and PDF"],
  ["bundle.zip", "Bundle", "all tables, the report and the journal"],
  ["layers.gpkg", "Layers for QGIS", "GeoPackage"],
];

export function buildExport({ store }) {
  const opener = button("Export", () => {}, {});
  menu(opener, () => {
    const shown = store.get();
    if (shown.blind) return [h("p", { class: "head" }, "Exports hold what others saw. Leave blind mode to make one.")];
    return KINDS.filter(([kind]) => kind !== "map.png" || shown.scene).map(([kind, label, what]) =>
      h("a", { href: address(kind, shown), download: "" }, label, h("small", {}, what)));
  });
  return opener;
}

/** Address of an export of what is on screen. */
export function address(kind, shown) {
  const query = new URLSearchParams();
  if (kind.startsWith("figure")) {
    if (shown.structure) query.set("structures", shown.structure);
    query.set("first", String(shown.window[0]));
    query.set("last", String(shown.window[1]));
    query.set("theme", shown.painted);
  }
  if (kind === "map.png") {
    query.set("scene", shown.scene);
    if (shown.mode !== "single") query.set("other", shown.other);
  }
  const text = query.toString();
  return `/api/export/${kind}${text ? `?${text}` : ""}`;
}

