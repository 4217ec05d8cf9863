// From days to pixels, and where the axis has its ticks.

const DAY = 86400000;
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const EDGE = 32; // pixels within which a label would not be whole
const LEAST = 0.25; // days; closer nobody needs to look

/** @param {[number, number]} window days @param {number} width pixels */
export function makeScale([t0, t1], width) {
  const each = width / (t1 - t0);
  return { t0, t1, width, x: (t) => (t - t0) * each, t: (x) => t0 + x / each, each };
}

/** A window kept within what there is to see. @param {[number, number]} window @param {[number, number]} extent */
export function held([first, last], extent) {
  const room = Math.max(5, 0.03 * (extent[1] - extent[0]));
  const [low, high] = [extent[0] - room, extent[1] + room];
  const long = Math.min(high - low, Math.max(LEAST, last - first));
  const from = Math.min(Math.max(first, low), high - long);
  return [from, from + long];
}

/** A window zoomed by `factor` (below 1: closer) about a time. */
export function zoomed([t0, t1], factor, about, extent) {
  return held([about - (about - t0) * factor, about + (t1 - about) * factor], extent);
}

/**
 * Ticks with labels: years, months, days or hours, as many as fit.
 * @returns {{t: number, label: string, major: boolean}[]}
 */
export function ticks(scale, apart = 74) {
  const perTick = apart / scale.each; // days between two ticks at least
  if (perTick > 200) return years(scale, perTick);
  if (perTick > 16) return months(scale, perTick);
  if (perTick > 0.55) return days(scale, perTick);
  return hours(scale, perTick);
}

const utc = (year, month = 0, date = 1) => Date.UTC(year, month, date) / DAY;
const parts = (t) => {
  const at = new Date(t * DAY);
  return [at.getUTCFullYear(), at.getUTCMonth(), at.getUTCDate(), at.getUTCHours()];
};

function years({ t0, t1 }, perTick) {
  const step = [1, 2, 5, 10, 20, 50, 100].find((n) => n * 365 >= perTick) ?? 200;
  const found = [];
  for (let year = Math.ceil(parts(t0)[0] / step) * step; utc(year) <= t1; year += step) {
    if (utc(year) >= t0) found.push({ t: utc(year), label: String(year), major: true });
  }
  return found;
}

function months({ t0, t1, each }, perTick) {
  const step = [1, 2, 3, 6].find((n) => n * 30 >= perTick) ?? 12;
  const found = [];
  const [year, month] = parts(t0);
  let unnamed = true; // the first label that is seen names its year
  for (let n = year * 12 + Math.floor(month / step) * step; ; n += step) {
    const t = utc(Math.floor(n / 12), n % 12);
    if (t > t1) break;
    if (t < t0) continue;
    const first = n % 12 === 0 || (unnamed && (t - t0) * each > EDGE);
    unnamed &&= !first;
    found.push({ t, label: first ? `${MONTHS[n % 12]} ${Math.floor(n / 12)}` : MONTHS[n % 12], major: n % 12 === 0 });
  }
  return found;
}

function days({ t0, t1 }, perTick) {
  const step = [1, 2, 4, 7, 14].find((n) => n >= perTick) ?? 14;
  const found = [];
  for (let t = Math.ceil(t0); t <= t1; t += 1) {
    const [year, month, date] = parts(t);
    const wanted = step === 1 || (date - 1) % step === 0;
    if (!wanted || (step > 1 && date > 31 - step / 2 && date !== 1)) continue;
    const label =
      date === 1 || !found.length
        ? `${date} ${MONTHS[month]}${!found.length || month === 0 ? ` ${year}` : ""}`
        : String(date);
    found.push({ t, label, major: date === 1 });
  }
  return found;
}

function hours({ t0, t1 }, perTick) {
  const step = [1, 2, 3, 6, 12].find((n) => n / 24 >= perTick) ?? 12;
  const found = [];
  for (let n = Math.ceil((t0 * 24) / step) * step; n / 24 <= t1; n += step) {
    const [year, month, date, hour] = parts(n / 24 + 1e-6);
    const midnight = hour === 0;
    found.push({
      t: n / 24,
      label: midnight || !found.length ? `${date} ${MONTHS[month]} ${year}` : `${String(hour).padStart(2, "0")}:00`,
      major: midnight,
    });
  }
  return found;
}
