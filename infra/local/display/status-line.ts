import { parkedChanges } from "../console/facts/facts.ts";
import { count, duration, problemLine, standStillText, uptime } from "./format.ts";
import { ALL_IS_WELL, findingTexts, stateTexts } from "./facts-text.ts";
import type { Snapshot, StreamStatus } from "./snapshot.ts";

/**
 * The display without a terminal: one plain line with the sums of each environment and the state of
 * the whole stack.
 */
export function statusLine(snapshot: Snapshot): string {
  const { uptimeMs, streams, facts, attributions, verdict, standStillMs, problems } = snapshot;
  const environments = [...new Set(streams.map(({ environment }) => environment))];
  const findings = findingTexts(facts);
  const parts = [
    ...environments.map((name) =>
      environmentText(
        name,
        streams.filter(({ environment }) => environment === name),
      ),
    ),
    ...(attributions.length === 0
      ? []
      : [`authors: ${attributions.map(([way, changes]) => `${way} ${changes}`).join(", ")}`]),
    ...stateTexts(facts),
    `failure records: ${count(parkedChanges(facts))}`,
    ...(verdict === null ? [] : [`foreign ${verdict.foreign}, repeated ${verdict.repeated}`]),
    ...(standStillMs === null ? [] : [standStillText(standStillMs)]),
    ...(findings.length === 0 ? [ALL_IS_WELL] : findings),
    ...(problems.last === null ? [] : [problemLine(problems.count, problems.last)]),
  ];
  return `${uptime(uptimeMs)}  ${parts.join(" | ")}`;
}

function environmentText(name: string, streams: readonly StreamStatus[]): string {
  const sum = (of: (stream: StreamStatus) => number) =>
    streams.reduce((total, stream) => total + of(stream), 0);
  const waiting = `${count(sum((stream) => stream.waiting))} waiting`;
  if (streams.every(({ written }) => written === null)) {
    return `${name}: ${count(sum(({ routed }) => routed ?? 0))} routed, ${waiting}`;
  }
  const written = count(sum((stream) => stream.written ?? 0));
  const delivered = count(sum((stream) => stream.delivered ?? 0));
  const delayMs = Math.max(...streams.map((stream) => stream.delayMs ?? 0));
  return `${name}: ${delivered} of ${written} delivered, ${waiting}, ${duration(delayMs)}`;
}
