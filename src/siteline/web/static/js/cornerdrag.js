// Corners of a footprint under the pointer: take hold of one, or of the middle of a side, and move it.

const NEAR = 12; // pixels within which a corner is taken hold of
const STILL = 3; // pixels that a click may wander

/** The middles of all sides of a closed outline. */
export function middles(points) {
  return points.map((a, n) => {
    const b = points[(n + 1) % points.length];
    return [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
  });
}

/** The corner, or the middle of a side (`mid`), near a pixel; null where there is none. */
function grab(map, { points, closed }, pixel) {
  const far = (point) => Math.hypot(map.project(point).x - pixel.x, map.project(point).y - pixel.y);
  const n = points.findIndex((point) => far(point) < NEAR);
  if (n >= 0) return { n, mid: false };
  const side = closed ? middles(points).findIndex((point) => far(point) < NEAR) : -1;
  return side >= 0 ? { n: side + 1, mid: true } : null;
}

/** Corners follow the pointer; a click elsewhere adds one, a click on the first one closes. */
export function followCorners(map, store, draft) {
  let drag = null;
  const at = (event) => [event.lngLat.lng, event.lngLat.lat];

  function down(event) {
    const now = store.get().draft;
    if (!now || (event.originalEvent.touches?.length ?? 1) > 1) return;
    const held = grab(map, now, event.point);
    if (!held) return;
    event.preventDefault();
    map.dragPan.disable();
    if (held.mid) draft.points([...now.points.slice(0, held.n), at(event), ...now.points.slice(held.n)]);
    drag = { n: held.n, moved: held.mid, from: event.point };
  }

  function move(event) {
    if (!drag) return;
    if (!drag.moved && Math.hypot(event.point.x - drag.from.x, event.point.y - drag.from.y) < STILL) return;
    drag.moved = true;
    const points = [...store.get().draft.points];
    points[drag.n] = at(event);
    draft.points(points);
  }

  function up() {
    if (!drag) return;
    map.dragPan.enable();
    if (!drag.moved && drag.n === 0) draft.close();
    setTimeout(() => (drag = null), 0); // the click that follows belongs to the drag
  }

  for (const [kind, heard] of Object.entries({ down, move, up })) map.on(`mouse${kind}`, heard);
  for (const [kind, heard] of Object.entries({ start: down, move, end: up })) map.on(`touch${kind}`, heard);
  map.on("click", (event) => store.get().draft && !drag && draft.add(at(event)));
}
