import type { Verdict } from "../demo/tally.ts";

/** What the display shows, at one moment. */
export interface Snapshot {
  readonly uptimeMs: number;
  readonly streams: readonly StreamStatus[];
  /** How the authors of delivered changes were found, and how many changes each way. Empty without the demonstration. */
  readonly attributions: readonly (readonly [string, number])[];
  /** How many deliveries failure records hold. */
  readonly failures: number;
  /** Null without the demonstration. */
  readonly verdict: Verdict | null;
  /** See `Status.standStillMs`. */
  readonly standStillMs: number | null;
  /** What went wrong last, and how often something did. */
  readonly problems: { readonly count: number; readonly last: string | null };
}

/** One environment's queue of one subscriber. */
export interface StreamStatus {
  readonly environment: string;
  readonly subscriber: string;
  /** Changes committed, and received by the demonstration's application; null where it does not take part. */
  readonly written: number | null;
  readonly delivered: number | null;
  /** Changes on their way; messages in the queue where the demonstration does not take part. */
  readonly waiting: number;
  /** From commit to handler, of the change delivered last. */
  readonly delayMs: number | null;
}
