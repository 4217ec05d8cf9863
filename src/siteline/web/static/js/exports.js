// What can be taken away: figures, the report, a bundle, layers for QGIS. The server makes them; the browser saves them.

import { Trouble } from "./api.js";
import { menu } from "./dialogs.js";
import { button, h } from "./dom.js";
import { notice, trouble } from "./notices.js";

const KINDS = [
  ["figure.svg", "Time line, SVG", "the chosen structure: looks, brackets, posteriors"],
  ["figure.png", "Time line, PNG", "the same as a picture"],
  ["scene.svg", "Scene, SVG", "the scene on screen, with scale, north, date and credit"],
  ["scene.png", "Scene, PNG", "the same as a picture"],
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
    return KINDS.filter(([kind]) => possible(kind, shown)).map(([kind, label, what]) => {
      const made = h("a", { href: address(kind, shown), download: "" }, label, h("small", {}, what));
      made.addEventListener("click", (event) => {
        event.preventDefault();
        save(made.href, kind, label);
      });
      return made;
    });
  });
  return opener;
}

/** Fetch a file and hand it to the browser, so that a failure is told in words rather than saved as a file. */
async function save(address, kind, label) {
  const done = notice(`Making: ${label} …`, { id: "export", stay: true });
  try {
    const answer = await fetch(address, { credentials: "same-origin" });
    if (!answer.ok) {
      const told = (await answer.json().catch(() => null))?.error ?? {};
      throw new Trouble(told.message ?? `the server answered ${answer.status}`, { remedy: told.remedy });
    }
    const named = /filename="([^"]+)"/.exec(answer.headers.get("content-disposition") ?? "");
    const held = URL.createObjectURL(await answer.blob());
    h("a", { href: held, download: named ? named[1] : kind }).click();
    setTimeout(() => URL.revokeObjectURL(held), 60_000);
  } catch (error) {
    trouble(
      error instanceof Trouble
        ? error
        : new Trouble(`${label} could not be fetched`, { remedy: "see that siteline serve still runs" }),
    );
  } finally {
    done();
  }
}

/** Two scenes must be on screen to compare them, one alone to be a figure, and a structure without a place has no chips. */
function possible(kind, { model, structure, mode, scene, other }) {
  if (kind.startsWith("scene")) return mode === "single" && model.drawable.some(({ id }) => id === scene);
  if (kind.startsWith("compare")) return mode !== "single" && Boolean(other);
  if (kind.startsWith("chips")) return model.drawable.length > 0 && Boolean(model.structureById.get(structure)?.geometry);
  return true;
}

/** Address of an export of what is on screen. */
export function address(kind, { structure, model, scene, other, bands, painted }) {
  const query = new URLSearchParams();
  if (!/^(figure|scene|compare|chips)/.test(kind)) return `/api/export/${kind}`;
  query.set("theme", painted);
  if (kind.startsWith("figure")) {
    if (structure && model.looksOf.has(structure)) query.set("structures", structure);
  } else {
    query.set("structure", structure);
    if (bands) query.set("bands", bands);
  }
  if (kind.startsWith("scene")) query.set("scene", scene);
  if (kind.startsWith("compare")) {
    const [first, second] = [scene, other].sort((a, b) => model.sceneById.get(a).t - model.sceneById.get(b).t);
    query.set("before", first);
    query.set("after", second);
  }
  return `/api/export/${kind}?${query}`;
}
