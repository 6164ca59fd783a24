import type { Facts } from "../console/facts/facts.ts";
import type { Verdict } from "../demo/tally.ts";

/** What the display shows at one moment. */
export interface Snapshot {
  readonly uptimeMs: number;
  readonly streams: readonly StreamStatus[];
  /** The state of source, reader, queues and alarms, which the page shows, too. */
  readonly facts: Facts;
  /**
   * How many delivered changes were attributed in each way. Empty without the demonstration.
   */
  readonly attributions: readonly (readonly [string, number])[];
  /** Null without the demonstration. */
  readonly verdict: Verdict | null;
  /**
   * For how long the stand-ins for AWS did nothing a moment ago; null when too short to matter.
   */
  readonly standStillMs: number | null;
  /** How many problems occurred; `last` is the latest, or null when it is some time ago. */
  readonly problems: { readonly count: number; readonly last: string | null };
}

/** The queue of one environment and one subscriber. */
export interface StreamStatus {
  readonly environment: string;
  readonly subscriber: string;
  /** Changes committed by the demonstration; null where it does not use the queue. */
  readonly written: number | null;
  /** Changes received by the demonstration's application; null where it does not use the queue. */
  readonly delivered: number | null;
  /** Messages that were put into the queue; null while the queue does not exist. */
  readonly routed: number | null;
  /** Deliveries in failure records for the queue; null when the records could not be read. */
  readonly parked: number | null;
  /** Messages in the queue's dead-letter queue. */
  readonly dead: number;
  /** Changes under way; messages in the queue where the demonstration does not use it. */
  readonly waiting: number;
  /** From commit to handler, of the change delivered last; null where it is not known. */
  readonly delayMs: number | null;
}
