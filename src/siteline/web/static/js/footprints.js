// Footprints for a map at a moment: each with its colour, and with how it is drawn.

import { palette } from "./look.js";
import { stateAt } from "./model.js";

const WORK = new Set(["being_built", "being_dismantled", "being_rebuilt"]);

/** A GeoJSON collection of the placed structures as they are held to be at `time`. */
export function footprintsAt(model, time, chosen, hidden = "") {
  const colours = palette(model.styles);
  const features = model.placed
    .filter((one) => one.id !== hidden)
    .map((one) => {
      const held = stateAt(one, time);
      const open = held.kind !== "held";
      return {
        type: "Feature",
        geometry: one.geometry,
        properties: {
          id: one.id,
          chosen: one.id === chosen,
          kind: open ? "open" : WORK.has(held.state) ? "work" : "held",
          colour: open ? colours.ink : colours[held.state],
          paper: colours.paper,
        },
      };
    });
  features.sort((a, b) => Number(a.properties.chosen) - Number(b.properties.chosen));
  return { type: "FeatureCollection", features };
}

/** Every position of a geometry, one after another. */
export function positions(geometry) {
  const found = [];
  const walk = (part) => (typeof part[0] === "number" ? found.push(part) : part.forEach(walk));
  if (geometry?.coordinates) walk(geometry.coordinates);
  return found;
}

/** West, south, east, north of geometries and boxes; null where there are none. */
export function boundsOf(geometries, boxes = []) {
  const all = [
    ...geometries.flatMap(positions),
    ...boxes.flatMap(([w, s, e, n]) => [
      [w, s],
      [e, n],
    ]),
  ];
  if (!all.length) return null;
  const [xs, ys] = [all.map((at) => at[0]), all.map((at) => at[1])];
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
}
