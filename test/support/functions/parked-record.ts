import type { ParkedRecord } from "../../../functions/failures/parked.ts";

/** A parked record without attempts; its body counts as removed unless `more` contains one. */
export function parkedRecord(
  more: Pick<ParkedRecord, "stream" | "key"> & Partial<ParkedRecord>,
): ParkedRecord {
  return {
    status: "parked",
    trouble: { reason: "behind", error: "" },
    count: 1,
    parkedAt: 0,
    attempts: 0,
    lastFailureAt: 0,
    nextAttemptAt: null,
    bytes: 0,
    progress: 0,
    sent: new Set(),
    body: { kind: "removed" },
    ...more,
  };
}
