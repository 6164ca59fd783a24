/**
 * The groups whose first message failed here and is to come again.
 *
 * SQS hands out a failed message together with its successors and counts that as a receive of each, so the successors
 * would reach the dead-letter queue with it, untried. While a group is failing, one message is received at a time.
 */
export class FailingGroups {
  readonly #until = new Map<string, number>();

  /** Another process may settle the group without our hearing of it, so this holds for so many seconds only. */
  add(group: string, seconds: number): void {
    this.#until.set(group, performance.now() + seconds * 1000);
  }

  delete(group: string): void {
    this.#until.delete(group);
  }

  any(): boolean {
    if (this.#until.size === 0) return false;
    const now = performance.now();
    for (const [group, until] of this.#until) {
      if (until < now) this.#until.delete(group);
    }
    return this.#until.size > 0;
  }
}
