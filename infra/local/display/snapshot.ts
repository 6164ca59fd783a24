import type { Facts } from "../console/facts/facts.ts";
import type { Verdict } from "../demo/tally.ts";

/** What the display shows, at one moment. */
export interface Snapshot {
  readonly uptimeMs: number;
  readonly streams: readonly StreamStatus[];
  /** How source, reader, queues and alarms are: what the page shows, too. */
  readonly facts: Facts;
  /**
   * How the authors of delivered changes were found, and how many changes each way. Empty without
   * the demonstration.
   */
  readonly attributions: readonly (readonly [string, number])[];
  /** Null without the demonstration. */
  readonly verdict: Verdict | null;
  /** See `Status.standStillMs`. */
  readonly standStillMs: number | null;
  /** What went wrong last, null when that is some time ago; and how often something did. */
  readonly problems: { readonly count: number; readonly last: string | null };
}

/** One environment's queue of one subscriber. */
export interface StreamStatus {
  readonly environment: string;
  readonly subscriber: string;
  /**
   * Changes committed, and received by the demonstration's application; null where it does not take
   * part.
   */
  readonly written: number | null;
  readonly delivered: number | null;
  /** Messages that were put into the queue; null while the queue does not exist. */
  readonly routed: number | null;
  /** Deliveries that failure records hold for the queue. */
  readonly parked: number;
  /** Messages in its dead-letter queue. */
  readonly dead: number;
  /** Changes on their way; messages in the queue where the demonstration does not take part. */
  readonly waiting: number;
  /** From commit to handler, of the change delivered last. */
  readonly delayMs: number | null;
}
