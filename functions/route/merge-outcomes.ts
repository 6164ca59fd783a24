import type { RouteOutcome } from "./route-outcome.ts";

/** What became of a frame that was delivered in slices, as if it had been delivered at once. */
export function mergeOutcomes(before: RouteOutcome | null, next: RouteOutcome): RouteOutcome {
  if (before === null || before.kind === "repeat") return next;
  if (next.kind === "repeat") return { ...before, lane: next.lane };
  const parked = new Map(before.parked);
  for (const [queueName, changes] of next.parked) {
    parked.set(queueName, (parked.get(queueName) ?? 0) + changes);
  }
  return {
    kind: "routed",
    lane: next.lane,
    delivered: 1,
    frames: [...before.frames, ...next.frames],
    unattributed: before.unattributed + next.unattributed,
    parked,
    faults: [...before.faults, ...next.faults],
  };
}
