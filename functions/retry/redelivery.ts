import type { Trouble } from "../failures/parked.ts";

/**
 * The result of delivering one record. `sent` has the deduplication ids of the messages that were
 * sent although the delivery was not completed.
 */
export type Redelivery =
  | { readonly kind: "delivered" }
  /** The time was over before the whole record was delivered. */
  | { readonly kind: "unfinished"; readonly sent: ReadonlySet<string> }
  | { readonly kind: "failed"; readonly trouble: Trouble; readonly sent: ReadonlySet<string> };

/** The time limits of an attempt, and the function that records its progress. */
export interface AttemptProgress {
  /** Whether the invocation's time is over. */
  readonly isOver: () => boolean;
  /** Whether other streams are to have their turn before the next part. */
  readonly isTurnOver: () => boolean;
  /**
   * Called when a part of the record is done and others follow. `through` is the new
   * `ParkedRecord.progress`.
   */
  readonly reached: (through: number) => Promise<void>;
}
