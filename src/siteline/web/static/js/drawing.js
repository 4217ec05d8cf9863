// The footprint editor on the map: what is drawn so far, what to do next, and its keys.

import { followCorners, middles } from "./cornerdrag.js";
import { at, button, fill, h } from "./dom.js";
import { draftNote } from "./drafts.js";
import { boundsOf } from "./footprints.js";

const LEAST_ZOOM = 12; // farther out a structure is a speck

export function makeDrawing({ store, draft }, sheets) {
  const { map } = sheets.a;
  const cross = h("div", { class: "cross", "aria-hidden": "true", hidden: true });
  at("mapwrap").append(cross);
  const paint = () => map.getSource("draft")?.setData(shape(store.get().draft));
  store.on(["draft"], ({ draft: now }) => {
    paint();
    fill(at("mapnote"), now && hint(draft, now));
    map.doubleClickZoom[now ? "disable" : "enable"]();
    map.getCanvas().style.cursor = now ? "crosshair" : "";
    cross.hidden = !now || now.closed;
    if (now?.seek && now.points.length) seek(map, now.points);
  });
  followCorners(map, store, draft);
  sheets.a.ready.then(paint);

  return {
    /** Keys while something is being drawn. @param {KeyboardEvent} event */
    key(event) {
      if (!store.get().draft) return false;
      const onButton = event.target instanceof HTMLButtonElement;
      if (event.key === "Escape") draft.leave();
      else if (event.key === "Backspace") draft.dropLast();
      else if (event.key === "Enter" && !onButton) draft.finish();
      else if (event.key === " " && !onButton) draft.add(map.getCenter().toArray());
      else return false;
      return true;
    },
  };
}

/** Bring corners that were typed, or that a structure has, into sight: near enough to see their shape. */
function seek(map, points) {
  const bounds = map.getBounds();
  if (map.getZoom() > LEAST_ZOOM && points.some((point) => bounds.contains(point))) return;
  map.fitBounds(boundsOf([{ coordinates: points }]), { padding: 140, maxZoom: 17, animate: false });
}

function hint(draft, now) {
  const begun = now.points.length ? "Click to add corners; the first one again closes." : "Click the first corner.";
  return h(
    "div",
    { class: "card draft-hint" },
    now.kept && draftNote(now.kept),
    h("span", {}, now.closed ? "Drag corners, or the middle of a side." : begun),
    now.problem && h("span", { class: "error", role: "alert" }, now.problem),
    button(["Finish ", h("kbd", {}, "Enter")], () => draft.finish(), { class: "btn small main" }),
    button(["Leave ", h("kbd", {}, "Esc")], () => draft.leave(), { class: "btn small" }),
  );
}

function shape(draft) {
  if (!draft || !draft.points.length) return { type: "FeatureCollection", features: [] };
  const { points, closed } = draft;
  const feature = (type, coordinates) => ({ type: "Feature", geometry: { type, coordinates }, properties: {} });
  return {
    type: "FeatureCollection",
    features: [
      ...(points.length > 2 ? [feature("Polygon", [[...points, points[0]]])] : []),
      ...(points.length > 1 ? [feature("LineString", closed ? [...points, points[0]] : points)] : []),
      ...[...points, ...(closed ? middles(points) : [])].map((point) => feature("Point", point)),
    ],
  };
}
