// Imported, because isHeld is called for each change, and the global one is looked up each time.
import { performance } from "node:perf_hooks";

/**
 * A message that this process has received and not yet deleted or given back. SQS calls it in
 * flight and keeps its group locked for other receivers.
 */
export interface HeldMessage {
  readonly id: string;
  readonly group: string;
  /** Empty after the message was processed, so that garbage collection copies no handled bodies. */
  body: string;
  /** SQS's MD5 of the body. */
  readonly bodyMd5?: string | undefined;
  /** How often the message was received, including this time; approximate, as SQS counts it. */
  readonly receiveCount: number;
  /**
   * The handle of the latest receive. Each receive of a message makes a new handle, and only the
   * newest one can delete it.
   */
  receiptHandle: string;
  /**
   * When the message becomes visible to others unless extended, by the clock of
   * `performance.now()`.
   */
  heldUntil: number;
  /** When the message becomes visible to others however often it is extended, by the same clock. */
  longestUntil: number;
  /** Aborts when this process no longer holds the message. */
  readonly lost: AbortController;
}

/**
 * Whether SQS still hides the message from others. A message that is not held must not be handled,
 * because another process may be handling it.
 */
export function isHeld(message: HeldMessage): boolean {
  return !message.lost.signal.aborted && performance.now() < message.heldUntil;
}
