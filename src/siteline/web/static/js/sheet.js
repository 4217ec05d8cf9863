// One map: paper, scenes as raster layers, footprints as outlines. Two of them lie on one another to compare.

/* global maplibregl */
import { hatchAddress, tileAddress } from "./api.js";

const KEEP = 5; // scenes whose tiles stay at hand, so that leafing through does not blink
const TILE = 256;
const EARTH = 156543.03392804097; // metres a pixel of a 256 px tile at zoom 0 on the equator

/** The deepest zoom at which tiles are asked for: a pixel of the scene is then about four of the screen. */
export function deepestZoom(scene) {
  const [, south, , north] = scene.bounds ?? [0, 0, 0, 0];
  const shrunk = Math.cos((((south + north) / 2) * Math.PI) / 180);
  const zoom = Math.log2((EARTH * shrunk) / (scene.gsd_m || 1)) + 2;
  return Math.min(21, Math.max(8, Math.ceil(zoom)));
}

/**
 * @param {HTMLElement} box @param {{center: [number, number], zoom: number}|{bounds: any}} view @param {string} title
 */
export function makeSheet(box, view, title) {
  const map = new maplibregl.Map({
    container: box,
    style: {
      version: 8,
      sources: {},
      layers: [{ id: "paper", type: "background", paint: { "background-color": "#f4f1ea" } }],
    },
    ...view,
    fitBoundsOptions: { padding: 56, maxZoom: 18 },
    attributionControl: false,
    dragRotate: false,
    pitchWithRotate: false,
    touchPitch: false,
    renderWorldCopies: false,
    fadeDuration: 0,
    maxZoom: 22,
    locale: { "Map.Title": title },
    canvasContextAttributes: { antialias: true },
  });
  map.touchZoomRotate.disableRotation();
  map.keyboard.disableRotation();
  const layers = new Map(); // scene id -> key of what was asked for
  const ready = new Promise((resolve) => (map.isStyleLoaded() ? resolve() : map.once("load", resolve)));
  const sheet = { map, box, ready, shown: "", scene: (scene, how) => showScene(sheet, layers, scene, how) };
  ready.then(() => addFootprints(map));
  // what is wholly drawn, for those who take pictures of the page
  map.on("idle", () => (box.dataset.drawn = sheet.shown));
  map.on("dataloading", () => delete box.dataset.drawn);
  map.on("movestart", () => delete box.dataset.drawn);
  return sheet;
}

/**
 * Show one scene (null: none) with `how` = `{bands, limits, hatch, near}`; `hatch`: what is masked is hatched; `near` are
 * scenes to be made ready beside it.
 */
function showScene(sheet, layers, scene, { bands, limits, hatch, near = [] }) {
  const { map } = sheet;
  const wanted = scene ? [scene, ...near.filter((one) => one.id !== scene.id)] : [];
  for (const one of wanted) put(map, layers, one, bands, limits);
  const kept = new Set(wanted.map((one) => one.id));
  for (const id of [...layers.keys()]) {
    if (!kept.has(id) && layers.size > Math.max(KEEP, kept.size)) drop(map, layers, id);
    else map.setPaintProperty(`scene ${id}`, "raster-opacity", scene && id === scene.id ? 1 : 0);
    if (!kept.has(id) && layers.has(id)) map.setLayoutProperty(`scene ${id}`, "visibility", "none");
    else if (layers.has(id)) map.setLayoutProperty(`scene ${id}`, "visibility", "visible");
  }
  putHatch(map, hatch && scene?.masks ? scene : null);
  sheet.shown = scene ? scene.id : "";
}

function put(map, layers, scene, bands, limits) {
  const key = `${bands}|${limits ? `${limits.low},${limits.high}` : ""}`;
  if (layers.get(scene.id) === key) {
    layers.delete(scene.id); // to the end: the last one used is the last one dropped
    layers.set(scene.id, key);
    return;
  }
  if (layers.has(scene.id)) drop(map, layers, scene.id);
  const id = `scene ${scene.id}`;
  map.addSource(id, {
    type: "raster",
    tiles: [tileAddress(scene.id, bands, limits)],
    tileSize: TILE,
    maxzoom: deepestZoom(scene),
    ...(scene.bounds && { bounds: scene.bounds }),
  });
  const paint = { "raster-resampling": "nearest", "raster-fade-duration": 0, "raster-opacity": 0 };
  map.addLayer({ id, type: "raster", source: id, paint }, map.getLayer("casing") ? "casing" : undefined);
  layers.set(scene.id, key);
}

/** Hatching over what is masked in a scene (null: none), below the outlines; its lines are as fine at every zoom. */
function putHatch(map, scene) {
  const there = map.getSource("hatch");
  if (there && scene && there.tiles[0] === hatchAddress(scene.id)) return map.moveLayer("hatch", "casing");
  if (there) {
    map.removeLayer("hatch");
    map.removeSource("hatch");
  }
  if (!scene) return undefined;
  map.addSource("hatch", {
    type: "raster",
    tiles: [hatchAddress(scene.id)],
    tileSize: TILE,
    ...(scene.bounds && { bounds: scene.bounds }),
  });
  return map.addLayer({ id: "hatch", type: "raster", source: "hatch", paint: { "raster-fade-duration": 0 } }, "casing");
}

function drop(map, layers, id) {
  map.removeLayer(`scene ${id}`);
  map.removeSource(`scene ${id}`);
  layers.delete(id);
}

/** Outlines by how sure the state is: drawn through where it is held, dashed for work, dotted where nothing is asserted. */
function addFootprints(map) {
  const empty = { type: "FeatureCollection", features: [] };
  map.addSource("footprints", { type: "geojson", data: empty });
  map.addSource("draft", { type: "geojson", data: empty });
  const width = ["case", ["get", "chosen"], 3.2, 2];
  const outline = ["!=", ["geometry-type"], "Point"];
  map.addLayer({
    id: "hit",
    type: "fill",
    source: "footprints",
    filter: outline,
    paint: { "fill-color": "#000", "fill-opacity": 0 },
  });
  map.addLayer({
    id: "casing",
    type: "line",
    source: "footprints",
    filter: outline,
    layout: { "line-join": "round" },
    paint: { "line-color": ["get", "paper"], "line-width": ["+", width, 2.6], "line-opacity": 0.9 },
  });
  for (const [kind, dash] of [
    ["held", null],
    ["work", [3, 1.2]],
    ["open", [0.6, 1.5]],
  ]) {
    map.addLayer({
      id: `line-${kind}`,
      type: "line",
      source: "footprints",
      filter: ["all", outline, ["==", ["get", "kind"], kind]],
      layout: { "line-join": "round" },
      paint: { "line-color": ["get", "colour"], "line-width": width, ...(dash && { "line-dasharray": dash }) },
    });
  }
  map.addLayer({
    id: "points",
    type: "circle",
    source: "footprints",
    filter: ["==", ["geometry-type"], "Point"],
    paint: {
      "circle-radius": ["case", ["get", "chosen"], 8, 6],
      "circle-color": ["case", ["==", ["get", "kind"], "open"], ["get", "paper"], ["get", "colour"]],
      "circle-stroke-color": ["case", ["==", ["get", "kind"], "open"], ["get", "colour"], ["get", "paper"]],
      "circle-stroke-width": 2.2,
    },
  });
  addDraft(map);
}

function addDraft(map) {
  const ink = "#1d1c1a";
  map.addLayer({
    id: "draft-fill",
    type: "fill",
    source: "draft",
    filter: ["==", ["geometry-type"], "Polygon"],
    paint: { "fill-color": "#fffefb", "fill-opacity": 0.22 },
  });
  map.addLayer({
    id: "draft-casing",
    type: "line",
    source: "draft",
    filter: ["!=", ["geometry-type"], "Point"],
    paint: { "line-color": "#fffefb", "line-width": 4.5 },
  });
  map.addLayer({
    id: "draft-line",
    type: "line",
    source: "draft",
    filter: ["!=", ["geometry-type"], "Point"],
    paint: { "line-color": ink, "line-width": 2 },
  });
  map.addLayer({
    id: "draft-points",
    type: "circle",
    source: "draft",
    filter: ["==", ["geometry-type"], "Point"],
    paint: { "circle-radius": 6, "circle-color": "#fffefb", "circle-stroke-color": ink, "circle-stroke-width": 2 },
  });
}
