// How times, shares and states read. Dates are ISO 8601 in UTC; a day is a half-open interval.

const DAY = 86400000;

/** Days since 1970 -> `2022-04-06` or `2022-04-06 10:09`, without the zone. */
export function iso(days) {
  const text = new Date(Math.floor((days * DAY + 20) / 60000) * 60000).toISOString(); // 20 ms: what floats lose
  return text.slice(11, 16) === "00:00" ? text.slice(0, 10) : `${text.slice(0, 10)} ${text.slice(11, 16)}`;
}

/** Days since 1970 -> `2022-04-06`, or with the time of day in UTC where it has one. */
export function when(days) {
  const text = iso(days);
  return text.length > 10 ? `${text} UTC` : text;
}

/** The calendar day. */
export function day(days) {
  return new Date(Math.floor(days) * DAY).toISOString().slice(0, 10);
}

/** Two days; the second without what it shares with the first: `2019-02-16/03-02`. */
export function range(first, last) {
  const [a, b] = [day(first), day(last)];
  if (a === b) return a;
  return `${a} to ${a.slice(0, 4) === b.slice(0, 4) ? b.slice(5) : b}`;
}

/** A span `{first, last, text}` of the case as a reader expects it. */
export function span(it) {
  if (it.first === null && it.last === null) return it.text || "date not stated";
  if (it.first !== null && it.first === it.last) return when(it.first);
  return it.text || "date not stated";
}

/** The day of a span, short. */
export function spanDay(it) {
  if (it.first !== null && it.first === it.last) return day(it.first);
  return it.text || "not dated";
}

/** A bracket in words. */
export function bracket(after, by) {
  if (after === null && by === null) return "no look bounds it";
  if (after === null) return `by ${when(by)}; no earlier look without it`;
  if (by === null) return `after ${when(after)}; no later look with it`;
  return `after ${when(after)}, by ${when(by)}`;
}

/** A probability: whole per cent, never 0 % or 100 %. */
export function percent(share) {
  if (share === null || share === undefined) return "not known";
  if (share < 0.01) return "under 1\u00a0%";
  if (share > 0.99) return "over 99\u00a0%";
  return `${Math.round(100 * share)}\u00a0%`;
}

/** The ICD 203 word for a probability, as siteline.publish.look has it. */
export function likelihood(share) {
  const words = [
    [0.05, "almost no chance"],
    [0.2, "very unlikely"],
    [0.45, "unlikely"],
    [0.55, "roughly even chance"],
    [0.8, "likely"],
    [0.95, "very likely"],
  ];
  const found = words.find(([limit]) => share < limit);
  return found ? found[1] : "almost certain";
}

/** A word of the case as it reads: `being_rebuilt` -> `being rebuilt`. */
export function plain(word) {
  return word.replaceAll("_", " ");
}

/** `3 scenes`, `1 scene`. */
export function plural(count, noun, many = `${noun}s`) {
  return `${count.toLocaleString("en")} ${count === 1 ? noun : many}`;
}

/** `sentinel-2a` -> `Sentinel-2A`; other names as they are. */
export function platform(text) {
  return /^(sentinel|landsat)/i.test(text)
    ? text[0].toUpperCase() + text.slice(1).replace(/(\d)([a-d])$/i, (_, n, c) => n + c.toUpperCase())
    : text;
}

/** Who took a scene: platform and provider without saying anything twice. */
export function taker(scene) {
  const parts = [platform(scene.platform || ""), scene.provider === "not stated" ? "" : scene.provider];
  return [...new Set(parts.filter(Boolean))].join(" · ");
}

/** The status of a scene in words, with its reason. */
export function status(scene) {
  const words = { usable: "usable", partly: "partly usable", not: "not usable" };
  return [words[scene.status] ?? "", scene.why].filter(Boolean).join(": ");
}

/** How many scenes (or looks) are usable, of how many, as the terminal says it: `49 of 115 looks usable`. */
export function usableOf(usable, total, noun = "scene") {
  return `${usable.toLocaleString("en")} of ${plural(total, noun)} usable`;
}

/** An event in a few words: the first clause of what happened, as siteline.publish.words has it. */
export function eventName(event) {
  return event.what.split(/[,.;:(]\s|[,.;:(]$/, 1)[0].trim() || event.id;
}

/** A first letter in upper case. */
export function capital(text) {
  return text ? text[0].toUpperCase() + text.slice(1) : text;
}

/** An instant of the journal (ISO) as `2026-11-25 07:30 UTC`. */
export function stamp(text) {
  const read = new Date(text);
  return Number.isNaN(read.valueOf()) ? text : `${read.toISOString().slice(0, 16).replace("T", " ")} UTC`;
}
