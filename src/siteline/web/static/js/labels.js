// Names on the map, as buttons that can be reached by key. Where two would overlap, the less important one steps aside.

import { at, fill, h, name } from "./dom.js";
import { boundsOf } from "./footprints.js";
import { mark } from "./look.js";
import { stateAt } from "./model.js";

const GAP = 8;

export function buildLabels({ store, act }, sheet) {
  const root = at("labels");
  let made = [];

  const build = () => {
    const { model, structure, time, draft, mode } = store.get();
    const order = [...model.placed].sort((a, b) => Number(b.id === structure) - Number(a.id === structure));
    const held = document.activeElement?.closest?.(".label")?.dataset.id;
    made = order.map((one) => {
      const now = stateAt(one, time);
      const label = h(
        "button",
        {
          type: "button",
          class: "label",
          "aria-pressed": String(one.id === structure),
          data: { id: one.id },
          on: { click: () => act.structure(one.id) },
        },
        mode === "single" && !model.blind && mark(model.styles, now.state, now.kind),
        name(one.name),
      );
      return { one, label, box: boundsOf([one.geometry]), wide: 0 };
    });
    fill(root, draft === null ? made.map((row) => row.label) : []);
    for (const row of made) row.wide = row.label.offsetWidth;
    if (held) made.find((row) => row.one.id === held)?.label.focus({ preventScroll: true });
    put();
  };

  const put = () => {
    const [wide, high] = [root.clientWidth, root.clientHeight];
    const taken = [];
    for (const { label, box, wide: own } of made) {
      const [x0, y0] = xy(sheet.map, box[0], box[3]);
      const [x1, y1] = xy(sheet.map, box[2], box[1]);
      const inside = x1 > 0 && x0 < wide && y1 > 0 && y0 < high;
      const x = x1 + GAP + own < wide ? x1 + GAP : x0 - GAP - own;
      const spot = { x, y: (y0 + y1) / 2 - 12, w: own, h: 24 };
      const free = !taken.some(
        (it) => spot.x < it.x + it.w && it.x < spot.x + spot.w && spot.y < it.y + it.h && it.y < spot.y + spot.h,
      );
      label.hidden = !inside || !free;
      if (label.hidden) continue;
      taken.push(spot);
      label.style.transform = `translate(${Math.round(spot.x)}px, ${Math.round(spot.y)}px)`;
    }
  };

  store.on(["model", "structure", "time", "painted", "draft", "mode"], build);
  sheet.map.on("move", put);
  sheet.map.on("resize", put);
  sheet.ready.then(build);
  document.fonts?.ready.then(build);
}

function xy(map, lng, lat) {
  const at = map.project([lng, lat]);
  return [at.x, at.y];
}
