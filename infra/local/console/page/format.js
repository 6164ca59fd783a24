/** Functions that format numbers and times for people. */

export function count(value) {
  return value === null || value === undefined ? "–" : value.toLocaleString("en-US");
}

export function duration(ms) {
  if (ms === null || ms === undefined) return "–";
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 60) return `${minutes} min ${Math.floor((ms % 60_000) / 1000)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** A time of today; another day's with its date. */
export function clockTime(ms) {
  if (ms === null || ms === undefined) return "–";
  const time = new Date(ms).toLocaleTimeString("en-GB");
  return dayOf(ms) === dayOf(Date.now()) ? time : `${dayOf(ms)} ${time}`;
}

/** The date in this browser's time zone, like 2026-11-30. */
function dayOf(ms) {
  return new Date(ms).toLocaleDateString("sv-SE");
}

export function preciseTime(ms) {
  if (ms === null || ms === undefined) return "–";
  return `${clockTime(ms)}.${String(Math.floor(ms) % 1000).padStart(3, "0")}`;
}

/** A short number for a graph's legend. */
export function figure(value) {
  if (value === null || value === undefined) return "–";
  if (Math.abs(value) >= 1e6) return `${(value / 1e6).toFixed(1)} M`;
  if (Math.abs(value) >= 1e4) return `${(value / 1e3).toFixed(1)} k`;
  return value >= 100 || Number.isInteger(value) ? count(Math.round(value)) : value.toFixed(1);
}
