import type { BodyStore } from "../../../functions/failures/body-store.ts";
import { BodyUnavailableError } from "../../../functions/ground/errors.ts";
import type { ParkedRecord, Reason, StreamState } from "../../../functions/failures/parked.ts";
import { time } from "../../shared/render.ts";

/**
 * A failure record in the output of commands. Times are in ISO 8601; "" for a time that has not
 * come, null when no next attempt is planned for the record.
 */
export interface DescribedRecord {
  readonly position: string;
  readonly status: ParkedRecord["status"];
  readonly reason: Reason;
  readonly error: string;
  readonly changes: number;
  readonly bytes: number;
  /** How many of the record's messages are done; of its changes, when it contains a frame. */
  readonly progress: number;
  readonly attempts: number;
  readonly parkedAt: string;
  readonly lastFailureAt: string;
  readonly nextAttemptAt: string | null;
}

/**
 * @param head whether the record is the first of its stream. Only the first is attempted, so its
 *   next attempt is the stream's.
 */
export function describeRecord(
  record: ParkedRecord<unknown>,
  stream: StreamState<unknown>,
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

/** Loads the body of a record; null when it is no longer available. */
export async function bodyOf(
  bodies: BodyStore,
  record: ParkedRecord<unknown>,
): Promise<string | null> {
  try {
    return await bodies.load(record.body);
  } catch (error) {
    if (error instanceof BodyUnavailableError) return null;
    throw error;
  }
}
