import type { Trouble } from "../failures/parked.ts";

/**
 * What became of the delivery of one record. `sent`: deduplication ids of the messages that went
 * through all the same.
 */
export type Redelivery =
  | { readonly kind: "delivered" }
  /** The time was over before the end of the record. */
  | { readonly kind: "unfinished"; readonly sent: ReadonlySet<string> }
  | { readonly kind: "failed"; readonly trouble: Trouble; readonly sent: ReadonlySet<string> };

/** The time that an attempt has, and where it notes how far it came. */
export interface AttemptProgress {
  /** The invocation's time is over. */
  readonly isOver: () => boolean;
  /** Others are to have their turn before the next part. */
  readonly isTurnOver: () => boolean;
  /**
   * A part of the record is done with, and others follow. `through`: see `ParkedRecord.progress`.
   */
  readonly reached: (through: number) => Promise<void>;
}
