/** A member of `Deadlines`: a value that becomes due at a time. */
export interface Deadline<T> {
  readonly atMs: number;
  readonly value: T;
  /** The index in the heap; -1 after the removal. */
  index: number;
}

/**
 * A binary heap of deadlines, earliest first. Any deadline can be removed, so that a deleted
 * message does not stay in memory until the end of its visibility timeout.
 */
export class Deadlines<T> {
  readonly #heap: Deadline<T>[] = [];

  /** The earliest deadline. */
  get first(): Deadline<T> | undefined {
    return this.#heap[0];
  }

  add(atMs: number, value: T): Deadline<T> {
    const deadline: Deadline<T> = { atMs, value, index: this.#heap.length };
    this.#heap.push(deadline);
    this.#rise(deadline);
    return deadline;
  }

  /** Removes a deadline; a second removal has no effect. */
  remove(deadline: Deadline<T>): void {
    const { index } = deadline;
    if (index < 0) return;
    deadline.index = -1;
    const last = this.#heap.pop();
    if (last === undefined || last === deadline) return;
    this.#put(last, index);
    this.#rise(last);
    this.#sink(last);
  }

  #rise(deadline: Deadline<T>): void {
    while (deadline.index > 0) {
      const parent = this.#heap[(deadline.index - 1) >> 1];
      if (parent === undefined || parent.atMs <= deadline.atMs) return;
      this.#swap(parent, deadline);
    }
  }

  #sink(deadline: Deadline<T>): void {
    for (;;) {
      const left = this.#heap[2 * deadline.index + 1];
      const right = this.#heap[2 * deadline.index + 2];
      const least =
        right !== undefined && left !== undefined && right.atMs < left.atMs ? right : left;
      if (least === undefined || least.atMs >= deadline.atMs) return;
      this.#swap(deadline, least);
    }
  }

  #swap(one: Deadline<T>, other: Deadline<T>): void {
    const { index } = one;
    this.#put(one, other.index);
    this.#put(other, index);
  }

  #put(deadline: Deadline<T>, index: number): void {
    deadline.index = index;
    this.#heap[index] = deadline;
  }
}
