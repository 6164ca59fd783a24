import type { BodyStore } from "../../../functions/failures/body-store.ts";
import { BodyUnavailableError } from "../../../functions/ground/errors.ts";
import type { ParkedRecord, Reason, StreamState } from "../../../functions/failures/parked.ts";
import { time } from "../../shared/render.ts";

/**
 * A failure record as the commands tell it. Times are ISO 8601; "" and null: not yet, or not any
 * more.
 */
export interface DescribedRecord {
  readonly position: string;
  readonly status: ParkedRecord["status"];
  readonly reason: Reason;
  readonly error: string;
  readonly changes: number;
  readonly bytes: number;
  /** How many of its messages, or changes where it holds a frame, are done with. */
  readonly progress: number;
  readonly attempts: number;
  readonly parkedAt: string;
  readonly lastFailureAt: string;
  readonly nextAttemptAt: string | null;
}

/**
 * `head`: whether it is its stream's first, which alone is attempted; its next attempt is the
 * stream's.
 */
export function describeRecord(
  record: ParkedRecord,
  stream: StreamState,
  head: boolean,
): DescribedRecord {
  return {
    position: record.key,
    status: record.status,
    ...record.trouble,
    changes: record.count,
    bytes: record.bytes,
    progress: record.progress,
    attempts: record.attempts,
    parkedAt: time(record.parkedAt),
    lastFailureAt: time(record.lastFailureAt),
    nextAttemptAt: head && stream.status === "open" ? time(stream.nextAttemptAt) : null,
  };
}

/** What a record holds; null when it cannot be had any more. */
export async function bodyOf(bodies: BodyStore, record: ParkedRecord): Promise<string | null> {
  try {
    return await bodies.load(record.body);
  } catch (error) {
    if (error instanceof BodyUnavailableError) return null;
    throw error;
  }
}
