/** Something that falls due at a time, as a member of `Deadlines`. */
export interface Deadline<T> {
  readonly atMs: number;
  readonly value: T;
  /** Its place in the heap, -1 when it is no longer in it. */
  index: number;
}

/**
 * A binary heap of deadlines, earliest first, from which any can be removed: a message that was
 * deleted must not be held in memory until its visibility timeout would have ended.
 */
export class Deadlines<T> {
  readonly #heap: Deadline<T>[] = [];

  /** The earliest one. */
  get first(): Deadline<T> | undefined {
    return this.#heap[0];
  }

  add(atMs: number, value: T): Deadline<T> {
    const deadline: Deadline<T> = { atMs, value, index: this.#heap.length };
    this.#heap.push(deadline);
    this.#rise(deadline);
    return deadline;
  }

  /** Takes one out; nothing happens when it is out already. */
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
