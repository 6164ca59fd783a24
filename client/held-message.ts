/**
 * A message in this process's hands: in flight, as SQS calls it, so that its group is locked for
 * everyone else.
 */
export interface HeldMessage {
  readonly id: string;
  readonly group: string;
  readonly body: string;
  /** How often SQS has handed it out, this time included. */
  readonly receiveCount: number;
  /** The newest one: every receive of a message makes another, and only the newest deletes it. */
  receiptHandle: string;
  /** Until when SQS keeps it from others, by the clock of `performance.now()`. */
  heldUntil: number;
  /** Until when SQS can keep it from others, however often it is extended; by the same clock. */
  longestUntil: number;
  /** Aborts when the message is no longer ours. */
  readonly lost: AbortController;
}

/**
 * Whether SQS still keeps the message from others. What is not held must not be handled: someone
 * else may be at it.
 */
export function isHeld(message: HeldMessage): boolean {
  return !message.lost.signal.aborted && performance.now() < message.heldUntil;
}
