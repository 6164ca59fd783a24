import type { ReaderState } from "../../../../reader/reporting/status.ts";
import type { AlarmFacts } from "./alarm-facts.ts";

/**
 * How everything is at one moment: what the terminal, the page and the verdict on both are made of.
 * No row data.
 */
export interface Facts {
  /** Milliseconds since 1970. */
  readonly nowMs: number;
  readonly startedMs: number;
  readonly source: SourceFacts;
  /** Null while no reader answers. */
  readonly reader: ReaderFacts | null;
  readonly raw: QueueFacts;
  readonly queues: readonly EnvironmentQueueFacts[];
  readonly failures: FailureFacts;
  readonly alarms: readonly AlarmFacts[];
}

export interface SourceFacts {
  readonly address: string;
  readonly version: string;
  /** Of the server that was started here; `elsewhere`: another program runs it. */
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
  /** Messages in the dead-letter queue; null when that queue does not exist. */
  readonly dead: number | null;
  readonly deadName: string;
}

export interface QueueCounts {
  readonly visible: number;
  readonly inFlight: number;
  readonly delayed: number;
  /** Null when it is empty. */
  readonly oldestAgeMs: number | null;
  readonly sent: number;
  readonly deleted: number;
}

export interface EnvironmentQueueFacts extends QueueFacts {
  readonly environment: string;
  readonly subscriber: string;
}

interface FailureFacts {
  /** Deliveries that wait in failure records. */
  readonly changes: number;
  readonly records: number;
  readonly streams: readonly ParkedStream[];
}

/** What is parked of one stream. */
export interface ParkedStream {
  readonly stream: string;
  /** The queue that it waits for; null for a connection without an author. */
  readonly queue: string | null;
  readonly reason: string;
  /** The error's name and text. */
  readonly error: string;
  readonly records: number;
  readonly changes: number;
  readonly attempts: number;
  readonly parkedAt: number;
  /** Null: given up. */
  readonly nextAttemptAt: number | null;
}
