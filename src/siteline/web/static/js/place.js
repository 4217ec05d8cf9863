// The left side: the map with its scenes and footprints, or a board of states where the case knows no places.

import { buildBoard } from "./board.js";
import { makeCompare } from "./compare.js";
import { buildCredits } from "./credits.js";
import { at, button, fill, h } from "./dom.js";
import { makeDrawing } from "./drawing.js";
import { boundsOf, footprintsAt } from "./footprints.js";
import { buildLabels } from "./labels.js";
import { colour } from "./look.js";
import { trouble } from "./notices.js";
import { buildPairBar } from "./pairbar.js";
import { buildSceneBar } from "./scenebar.js";
import { makeSheet } from "./sheet.js";
import { limitsFor, bandsFor } from "./stretch.js";
import { hideTip, showTip } from "./tip.js";
import { structureTip } from "./tips.js";

/* global maplibregl */
const SCALE_PX = 110;

export function buildPlace(page) {
  const { store } = page;
  page.place = { fit() {}, drawKey: () => false, compareKey: () => false, draw: null, centre: () => null };
  buildSceneBar(page);
  buildPairBar(page);
  buildBoard(page);
  buildCredits(page);
  const sheets = openMaps(page);
  if (!sheets) return;
  const compare = makeCompare(page, sheets);
  const drawing = makeDrawing(page, sheets);
  buildLabels(page, sheets.a);
  Object.assign(page.place, {
    fit: (id) => fit(store.get().model, sheets.a.map, id),
    drawKey: drawing.key,
    compareKey: compare.key,
    draw: drawing,
    sheets,
  });
  drawScenes(page, sheets, compare);
  drawFootprints(store, sheets);
  note(page);
}

/** Map A at once, map B when it is first needed; null where the browser cannot draw maps. */
function openMaps(page) {
  const { store, act } = page;
  maplibregl.setWorkerUrl(new URL("../vendor/maplibre-gl-csp-worker.js", import.meta.url).href);
  const { view, model } = store.get();
  const first = view ? { center: [view.lng, view.lat], zoom: view.zoom } : { bounds: home(model) };
  let a;
  try {
    a = makeSheet(at("map-a"), first, "Map of the site");
  } catch (error) {
    fill(
      at("mapnote"),
      h("div", { class: "card" }, "This browser cannot draw the map: it has no WebGL. Everything else works."),
    );
    console.warn(error);
    return null;
  }
  // beside the maps, not in map A, so that B does not hide them
  at("controls").append(new maplibregl.NavigationControl({ showCompass: false }).onAdd(a.map));
  at("scale").append(new maplibregl.ScaleControl({ maxWidth: SCALE_PX }).onAdd(a.map));
  a.map.on("moveend", () => {
    if (!at("board").hidden) return; // nobody sees the map
    const { lng, lat } = a.map.getCenter();
    store.set({ view: { lng, lat, zoom: a.map.getZoom() } });
  });
  const sheets = { a, b: null, each: (call) => [sheets.a, sheets.b].forEach((one) => one && call(one)) };
  sheets.open = (sheet) => {
    const pick = (event) => store.get().draft === null && act.structure(event.features[0].properties.id);
    for (const layer of ["hit", "points"]) sheet.map.on("click", layer, pick);
    sheet.map.on("mousemove", (event) => hover(store, sheet, event));
    sheet.map.on("mouseout", hideTip);
    sheet.map.on("error", (event) => failed(event.error));
  };
  sheets.second = () => {
    if (sheets.b) return sheets.b;
    at("map-b").hidden = false;
    const centre = a.map.getCenter();
    sheets.b = makeSheet(
      at("map-b"),
      { center: [centre.lng, centre.lat], zoom: a.map.getZoom() },
      "Map of the compared scene",
    );
    sheets.open(sheets.b);
    return sheets.b;
  };
  sheets.open(a);
  return sheets;
}

/** What is shown of the world at first. */
function home(model) {
  const box = boundsOf(
    model.placed.map((one) => one.geometry),
    model.placed.length ? [] : model.drawable.map((one) => one.bounds).filter(Boolean),
  );
  if (!box) return [-150, -55, 150, 70];
  const pad = Math.max(box[2] - box[0], box[3] - box[1], 0.0012) * 0.35;
  return [box[0] - pad, box[1] - pad, box[2] + pad, box[3] + pad];
}

function fit(model, map, id) {
  const one = model.structureById.get(id);
  const box = one?.geometry ? boundsOf([one.geometry]) : home(model);
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  map.fitBounds(box, { padding: 110, maxZoom: 18, animate: !calm, duration: 500 });
}

function hover(store, sheet, event) {
  if (!sheet.map.getLayer("hit")) return;
  const found = sheet.map.queryRenderedFeatures(event.point, { layers: ["hit", "points"] })[0];
  sheet.map.getCanvas().style.cursor = found && store.get().draft === null ? "pointer" : "";
  if (!found || store.get().draft !== null) return hideTip();
  const one = store.get().model.structureById.get(found.properties.id);
  return one && showTip(event.originalEvent, structureTip(store.get(), one));
}

let told = 0;

/** A tile outside the scene is no failure; anything else is told, once in a while. */
async function failed(error) {
  if (error?.status === 404 || error?.name === "AbortError" || Date.now() - told < 8000) return;
  told = Date.now();
  const body = await error?.body
    ?.text?.()
    .then(JSON.parse)
    .catch(() => null);
  if (body?.error) trouble({ told: `${body.error.message}. ${body.error.remedy}`.trim() });
  else if (error?.status)
    trouble({
      told: `A part of the scene could not be drawn (${error.status}). Choose another scene, or load the page again.`,
    });
  else console.warn(error);
}

/** The scenes on the maps follow what is chosen; both under one stretch unless asked otherwise. */
function drawScenes({ store }, sheets, compare) {
  let turn = 0;
  const draw = async () => {
    const mine = ++turn;
    const shown = store.get();
    const limits = await limitsFor(shown);
    if (mine !== turn) return;
    const { model } = shown;
    const [a, b] = [model.sceneById.get(shown.scene), model.sceneById.get(shown.other)];
    const pairing = shown.mode !== "single" && b;
    await sheets.a.ready;
    if (mine !== turn) return;
    const near = pairing ? [] : neighbours(model, shown.scene, shown.skip);
    const hatch = shown.hatch && !model.blind;
    sheets.a.scene(a?.pixels ? a : null, { bands: bandsFor(a, shown.bands), limits: limits.a, hatch, near });
    if (pairing) {
      const second = sheets.second();
      await second.ready;
      if (mine !== turn) return;
      second.scene(b.pixels ? b : null, { bands: bandsFor(b, shown.bands), limits: limits.b, hatch });
    }
    compare.put();
  };
  store.on(["scene", "other", "mode", "bands", "same", "hatch", "model"], draw);
  draw();
}

function neighbours(model, id, skip) {
  const pool = model.drawable.filter((one) => !skip || one.status !== "not" || one.id === id);
  const here = pool.findIndex((one) => one.id === id);
  return here < 0 ? [] : [pool[here + 1], pool[here - 1]].filter(Boolean);
}

/** Outlines of A stand as they are held at the chosen time, those of B at the time of B. */
function drawFootprints(store, sheets) {
  const draw = async () => {
    const { model, time, structure, other, draft } = store.get();
    const hidden = draft?.structure ?? "";
    for (const [sheet, moment] of [
      [sheets.a, time],
      [sheets.b, model.sceneById.get(other)?.t ?? time],
    ]) {
      if (!sheet) continue;
      await sheet.ready;
      sheet.map.getSource("footprints")?.setData(footprintsAt(model, moment, structure, hidden));
      sheet.map.setPaintProperty("paper", "background-color", colour("wash"));
    }
  };
  store.on(["model", "time", "structure", "other", "painted", "draft", "mode"], draw);
  draw();
  const second = sheets.second;
  sheets.second = () => {
    const fresh = !sheets.b;
    const made = second();
    if (fresh) draw();
    return made;
  };
}

/** Calm words where there are no images. */
function note({ store }) {
  let closed = false;
  const draw = ({ model, draft, data }) => {
    const box = at("mapnote");
    if (draft !== null) return; // the drawing says what to do there
    const bare = !model.drawable.length && model.placed.length > 0 && !closed;
    fill(
      box,
      bare &&
        h(
          "div",
          { class: "card bare" },
          h(
            "p",
            {},
            h("b", {}, "No images yet. "),
            h("code", {}, `siteline find ${data.case}`),
            " lists the scenes there are, ",
            h("code", {}, "siteline fetch"),
            " copies them.",
          ),
          button("✕", () => ((closed = true), draw(store.get())), {
            class: "btn small plain",
            "aria-label": "Close this note",
          }),
        ),
    );
  };
  store.on(["model", "draft"], draw);
  draw(store.get());
}
