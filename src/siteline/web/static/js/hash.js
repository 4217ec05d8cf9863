// The address holds what is on screen, so that a link shows somebody else the same.

const DAY = 86400000;
const MODES = ["single", "swipe", "blink", "opacity"];
const TABS = ["structure", "observe", "weigh", "journal"];

/** What an address asks for; only what is well formed. @param {string} hash */
export function readHash(hash) {
  const query = new URLSearchParams(hash.replace(/^#/, ""));
  const found = {};
  for (const [key, name] of [
    ["s", "structure"],
    ["a", "scene"],
    ["b", "other"],
  ])
    if (query.get(key)) found[name] = query.get(key);
  if (MODES.includes(query.get("m"))) found.mode = query.get("m");
  if (TABS.includes(query.get("tab"))) found.tab = query.get("tab");
  const time = Date.parse(query.get("t") ?? "");
  if (Number.isFinite(time)) found.time = time / DAY;
  const view = (query.get("v") ?? "").split(",").map(Number);
  if (view.length === 3 && view.every(Number.isFinite) && Math.abs(view[1]) < 86)
    found.view = { lng: view[0], lat: view[1], zoom: view[2] };
  const swipe = Number(query.get("x"));
  if (query.has("x") && swipe >= 0 && swipe <= 1) found.swipe = swipe;
  return found;
}

/** The address of what is shown. */
export function writeHash(shown) {
  const query = new URLSearchParams();
  if (shown.structure) query.set("s", shown.structure);
  if (shown.looked || shown.scene) query.set("a", shown.looked || shown.scene);
  if (shown.mode !== "single") {
    query.set("b", shown.other);
    query.set("m", shown.mode);
    if (shown.mode === "swipe") query.set("x", shown.swipe.toFixed(3));
  }
  query.set("t", new Date(Math.round(shown.time * DAY)).toISOString());
  query.set("tab", shown.tab);
  if (shown.view)
    query.set("v", [shown.view.lng.toFixed(7), shown.view.lat.toFixed(7), shown.view.zoom.toFixed(4)].join(","));
  return `#${query}`;
}

/** Keep the address and the page together; `data-address` of the page tells that it is behind. */
export function followHash(store, apply) {
  const { dataset } = document.documentElement;
  let timer = 0;
  let written = location.hash;
  store.on(["structure", "scene", "looked", "other", "mode", "time", "tab", "view", "swipe"], () => {
    clearTimeout(timer);
    dataset.address = "behind";
    timer = setTimeout(() => {
      written = writeHash(store.get());
      history.replaceState(null, "", written);
      delete dataset.address;
    }, 150);
  });
  addEventListener("hashchange", () => {
    if (location.hash !== written) apply(readHash(location.hash));
  });
}
