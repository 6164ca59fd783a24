/** Quotas of one queue. */
export interface QueueLimits {
  /** How many messages may be in flight. */
  readonly inFlight: number;
  /**
   * How far SQS looks into a FIFO queue for groups to deliver: its first messages, in flight or
   * not. The backlog of one group can so hide all other groups behind it.
   */
  readonly reach: number;
}

/** SQS's own, the same for every account. */
export const SQS_LIMITS: QueueLimits = { inFlight: 120_000, reach: 120_000 };

/** How long a message can be hidden in all, counted from its receive: 12 hours. */
export const LONGEST_VISIBILITY_SECONDS = 43_200;
