import { setTimeout as delay } from "node:timers/promises";

/**
 * Batches lookups. The first runs at once; lookups that arrive while one is running, or within
 * `gapMs` of its start, share the next.
 */
export class BatchedLookups<Question> {
  readonly #answer: (questions: readonly Question[]) => Promise<void>;
  readonly #gapMs: number;
  #next: { readonly questions: Question[]; readonly answered: Promise<void> } | null = null;
  #latest: Promise<void> = Promise.resolve();
  #askedMs = Number.NEGATIVE_INFINITY;

  constructor(gapMs: number, answer: (questions: readonly Question[]) => Promise<void>) {
    this.#gapMs = gapMs;
    this.#answer = answer;
  }

  /** Resolves when the question is answered; rejects with the lookup's error. */
  ask(question: Question): Promise<void> {
    this.#next ??= this.#open();
    this.#next.questions.push(question);
    return this.#next.answered;
  }

  #open(): { readonly questions: Question[]; readonly answered: Promise<void> } {
    const questions: Question[] = [];
    const before = this.#latest;
    const answered = this.#afterwards(before, questions);
    answered.catch(() => undefined); // the callers of `ask` handle it
    this.#latest = answered;
    return { questions, answered };
  }

  async #afterwards(before: Promise<void>, questions: readonly Question[]): Promise<void> {
    await before.catch(() => undefined);
    const waitMs = this.#askedMs + this.#gapMs - performance.now();
    if (waitMs > 0) await delay(waitMs, undefined, { ref: false });
    this.#askedMs = performance.now();
    this.#next = null;
    await this.#answer(questions);
  }
}
