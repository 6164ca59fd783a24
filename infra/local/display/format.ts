import { PATIENCE_MS } from "../lambda/patience.ts";

/** Formats a number for people: `12,345`; `–` for null. */
export function count(value: number | null): string {
  return value === null ? "–" : value.toLocaleString("en-US");
}

/** Formats a duration for people: `12 ms`, `1.4 s`; `–` for null. */
export function duration(ms: number | null): string {
  if (ms === null) return "–";
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

/** Formats the time since the start: `0:42`, `1:02:03`. */
export function uptime(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const tail = String(seconds % 60).padStart(2, "0");
  return hours === 0
    ? `${minutes}:${tail}`
    : `${hours}:${String(minutes).padStart(2, "0")}:${tail}`;
}

/** The latest problem. What lasts is among the findings, so this may be over. */
export function problemLine(problems: number, last: string): string {
  return `a moment ago, problem ${count(problems)}: ${last}`;
}

/** Tells that the machine is slow, so that the delay is not taken for the product's. */
export function standStillText(ms: number): string {
  const parked = ms < PATIENCE_MS ? "" : ", so queues may be parked";
  return `this machine is slow: the stand-ins for AWS did nothing for ${duration(ms)} at a time${parked}`;
}
