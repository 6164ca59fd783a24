import type { ReaderState } from "../../../../reader/reporting/status.ts";
import type { AlarmFacts } from "./alarm-facts.ts";

/**
 * The state of the whole stack at one moment. The terminal, the page and the headline are made from
 * it. It contains no row data.
 */
export interface Facts {
  /** Milliseconds since 1970. */
  readonly nowMs: number;
  readonly startedMs: number;
  readonly source: SourceFacts;
  /** Null when the reader does not answer. */
  readonly reader: ReaderFacts | null;
  readonly raw: QueueFacts;
  readonly queues: readonly EnvironmentQueueFacts[];
  readonly failures: FailureFacts | UnreadFailures;
  readonly alarms: readonly AlarmFacts[];
}

export interface SourceFacts {
  readonly address: string;
  readonly version: string;
  /** State of the MySQL server that `npm start` started; `elsewhere`: it started none. */
  readonly state: "running" | "suspended" | "ended" | "elsewhere";
}

export interface ReaderFacts {
  readonly state: ReaderState;
  readonly sinceMs: number;
  readonly lagMs: number;
  readonly transactions: number;
  readonly changes: number;
}

export interface QueueFacts {
  readonly name: string;
  /** Null when the queue does not exist. */
  readonly counts: QueueCounts | null;
  /** Messages in the dead-letter queue; null when there is no such queue. */
  readonly dead: number | null;
  readonly deadName: string;
}

export interface QueueCounts {
  readonly visible: number;
  readonly inFlight: number;
  readonly delayed: number;
  /** Null when the queue is empty. */
  readonly oldestAgeMs: number | null;
  readonly sent: number;
  readonly deleted: number;
}

export interface EnvironmentQueueFacts extends QueueFacts {
  readonly environment: string;
  readonly subscriber: string;
}

/** The failure records could not be read. */
interface UnreadFailures {
  readonly error: string;
}

interface FailureFacts {
  /** Deliveries kept in failure records. */
  readonly changes: number;
  readonly records: number;
  readonly streams: readonly ParkedStream[];
}

/** The parked records of one stream. */
export interface ParkedStream {
  readonly stream: string;
  /** The queue that should get the changes; null for a connection without an author. */
  readonly queue: string | null;
  readonly reason: string;
  /** The error's name and text. */
  readonly error: string;
  readonly records: number;
  readonly changes: number;
  readonly attempts: number;
  readonly parkedAt: number;
  /** Whether the retry function has given it up, so that an operator must act. */
  readonly isGivenUp: boolean;
  /** Null: the retry function does not try again. */
  readonly nextAttemptAt: number | null;
}

/** The deliveries in failure records; null when the records could not be read. */
export function parkedChanges({ failures }: Pick<Facts, "failures">): number | null {
  return "error" in failures ? null : failures.changes;
}

/** The deliveries in failure records for a queue; null when the records could not be read. */
export function parkedFor(queue: string, { failures }: Pick<Facts, "failures">): number | null {
  if ("error" in failures) return null;
  return failures.streams
    .filter((stream) => stream.queue === queue)
    .reduce((sum, { changes }) => sum + changes, 0);
}
