/** Quotas of one queue. */
export interface QueueLimits {
  /** How many messages may be in flight. */
  readonly inFlight: number;
  /**
   * How many of a FIFO queue's first messages, in flight or not, SQS searches for groups to
   * deliver. So the backlog of one group can block all groups behind it.
   */
  readonly reach: number;
}

/** SQS's quotas, which are the same for every account. */
export const SQS_LIMITS: QueueLimits = { inFlight: 120_000, reach: 120_000 };

/** The longest time for which a message can be hidden, counted from its receive: 12 hours. */
export const LONGEST_VISIBILITY_SECONDS = 43_200;
