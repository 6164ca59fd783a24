import type { ParkedRecord } from "../../../functions/failures/parked.ts";

/** A record that is parked and was not tried yet; its body is gone where `more` does not say. */
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
