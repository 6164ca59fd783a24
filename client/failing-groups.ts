/**
 * As long as the longest default backoff: by then another process has taken up what failed here, or
 * nobody has.
 */
const LET_OTHERS_SETTLE_SECONDS = 900;

/**
 * The groups whose first message failed and is to come again, as far as this process can tell.
 *
 * SQS hands out a failed message together with its successors and counts that as a receive of each,
 * so the successors would reach the dead-letter queue with it, untried. While a group is failing,
 * one message is received at a time. A process that has not handled anything yet counts as one with
 * a failing group, because it may have been started in the place of one that a message killed.
 */
export class FailingGroups {
  readonly #until = new Map<string, number>();
  #untested = true;

  /**
   * Its first message failed here and is hidden for this many seconds, or (0) has been received
   * before.
   */
  add(group: string, hiddenSeconds: number): void {
    const seconds = hiddenSeconds + LET_OTHERS_SETTLE_SECONDS;
    this.#until.set(group, performance.now() + seconds * 1000);
  }

  /** One of its messages was handled. */
  delete(group: string): void {
    this.#untested = false;
    this.#until.delete(group);
  }

  any(): boolean {
    if (this.#untested) return true;
    if (this.#until.size === 0) return false;
    const now = performance.now();
    for (const [group, until] of this.#until) {
      if (until < now) this.#until.delete(group);
    }
    return this.#until.size > 0;
  }
}
