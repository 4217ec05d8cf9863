// The footprint editor on the map: click to add a corner, drag corners, drag the middle of a side to make a new one.

import { at, button, fill, h } from "./dom.js";

const NEAR = 12; // pixels within which a corner is taken hold of

export function makeDrawing({ store, draft }, sheets) {
  const { map } = sheets.a;
  const cross = h("div", { class: "cross", "aria-hidden": "true", hidden: true });
  at("mapwrap").append(cross);
  let drag = null;

  const paint = () => map.getSource("draft")?.setData(shape(store.get().draft));
  store.on(["draft"], ({ draft: now }) => {
    paint();
    hint(now);
    map.doubleClickZoom[now ? "disable" : "enable"]();
    map.getCanvas().style.cursor = now ? "crosshair" : "";
    cross.hidden = !now || now.closed;
    if (now && now.points.length && !inView(now.points)) map.jumpTo({ center: now.points[0] });
  });

  function inView(points) {
    const bounds = map.getBounds();
    return points.some((point) => bounds.contains(point));
  }

  function hint(now) {
    if (now === null) return fill(at("mapnote"));
    return fill(
      at("mapnote"),
      h(
        "div",
        { class: "card draft-hint" },
        h(
          "span",
          {},
          now.closed
            ? "Drag corners, or the middle of a side."
            : now.points.length
              ? "Click to add corners; the first one again closes."
              : "Click the first corner.",
        ),
        now.problem && h("span", { class: "error", role: "alert" }, now.problem),
        button(["Finish ", h("kbd", {}, "Enter")], () => draft.finish(), { class: "btn small main" }),
        button(["Leave ", h("kbd", {}, "Esc")], () => draft.leave(), { class: "btn small" }),
      ),
    );
  }

  /** The corner, or the middle of a side (`mid`), near a pixel. */
  function grab(pixel) {
    const { points, closed } = store.get().draft;
    const far = (point) => Math.hypot(map.project(point).x - pixel.x, map.project(point).y - pixel.y);
    const n = points.findIndex((point) => far(point) < NEAR);
    if (n >= 0) return { n, mid: false };
    const side = closed ? middles(points).findIndex((point) => far(point) < NEAR) : -1;
    return side >= 0 ? { n: side + 1, mid: true } : null;
  }

  const down = (event) => {
    if (!store.get().draft || (event.originalEvent.touches?.length ?? 1) > 1) return;
    const held = grab(event.point);
    if (!held) return;
    event.preventDefault();
    map.dragPan.disable();
    const { points } = store.get().draft;
    if (held.mid) draft.points([...points.slice(0, held.n), [event.lngLat.lng, event.lngLat.lat], ...points.slice(held.n)]);
    drag = { n: held.n, moved: held.mid, from: event.point };
  };
  const move = (event) => {
    if (!drag) return;
    if (!drag.moved && Math.hypot(event.point.x - drag.from.x, event.point.y - drag.from.y) < 3) return;
    drag.moved = true;
    const points = [...store.get().draft.points];
    points[drag.n] = [event.lngLat.lng, event.lngLat.lat];
    draft.points(points);
  };
  const up = () => {
    if (!drag) return;
    map.dragPan.enable();
    if (!drag.moved && drag.n === 0) draft.close();
    drag = { ...drag, done: true };
    setTimeout(() => (drag = null), 0); // the click that follows belongs to the drag
  };
  for (const [name, heard] of [
    ["mousedown", down],
    ["touchstart", down],
    ["mousemove", move],
    ["touchmove", move],
    ["mouseup", up],
    ["touchend", up],
  ])
    map.on(name, heard);
  map.on("click", (event) => {
    if (store.get().draft && !drag) draft.add([event.lngLat.lng, event.lngLat.lat]);
  });
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

function middles(points) {
  return points.map((a, n) => {
    const b = points[(n + 1) % points.length];
    return [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
  });
}

function shape(draft) {
  if (!draft || !draft.points.length) return { type: "FeatureCollection", features: [] };
  const { points, closed } = draft;
  const feature = (type, coordinates, properties = {}) => ({ type: "Feature", geometry: { type, coordinates }, properties });
  return {
    type: "FeatureCollection",
    features: [
      ...(points.length > 2 ? [feature("Polygon", [[...points, points[0]]])] : []),
      ...(points.length > 1 ? [feature("LineString", closed ? [...points, points[0]] : points)] : []),
      ...points.map((point) => feature("Point", point, { mid: false })),
      ...(closed ? middles(points).map((point) => feature("Point", point, { mid: true })) : []),
    ],
  };
}
