/**
 * How long a failed group counts as failing after its message is visible again: the longest default
 * backoff. By then any other process has received the message.
 */
const LET_OTHERS_SETTLE_SECONDS = 900;

/**
 * The groups whose first message failed and will be received again, as far as this process knows.
 *
 * SQS delivers a failed message together with its successors and counts a receive for each of them.
 * So the successors would reach the dead-letter queue with it, untried. To prevent this, the
 * subscription receives one message at a time while a group is failing. This also applies to a
 * process that has not handled any message yet, because it may replace a process that a message
 * killed.
 */
export class FailingGroups {
  /** In the order in which they failed last. */
  readonly #until = new Map<string, number>();
  #untested = true;

  /**
   * Records that the group's first message failed here and is hidden for `hiddenSeconds`; 0 for a
   * message that was already received before.
   */
  add(group: string, hiddenSeconds: number): void {
    const seconds = hiddenSeconds + LET_OTHERS_SETTLE_SECONDS;
    this.#until.delete(group);
    this.#until.set(group, performance.now() + seconds * 1000);
  }

  /** Records that a message of the group was handled. */
  delete(group: string): void {
    this.#untested = false;
    this.#until.delete(group);
  }

  /** Called before each receive, so it looks only as far as the first group that counts. */
  any(): boolean {
    const now = performance.now();
    for (const [group, until] of this.#until) {
      if (until >= now) return true;
      this.#until.delete(group);
    }
    return this.#untested;
  }
}
