/**
 * Counts the rows of a table that were handed over, by their keys, each once: also when a chunk is
 * read anew after some of its rows were handed over. It forgets the keys of complete chunks, which
 * are not read again.
 */
export class CountedKeys {
  /** The keys of the present attempt to hand over a chunk. */
  readonly #present = new Set<string>();
  /** The keys of attempts that were given up, as far as no complete chunk has contained them. */
  readonly #former = new Set<string>();

  /** Returns how many of the keys were not handed over before. */
  add(keys: Iterable<string>): number {
    let added = 0;
    for (const key of keys) {
      if (!this.#present.has(key) && !this.#former.has(key)) added++;
      this.#present.add(key);
    }
    return added;
  }

  /**
   * Called when a chunk is begun, perhaps anew. Returns the number of keys of attempts that were
   * given up.
   */
  beginAnew(): number {
    for (const key of this.#present) this.#former.add(key);
    this.#present.clear();
    return this.#former.size;
  }

  /** Called when a chunk is complete. */
  completeChunk(): void {
    for (const key of this.#present) this.#former.delete(key);
    this.#present.clear();
  }

  /** Called when the table is complete. */
  completeTable(): void {
    this.#present.clear();
    this.#former.clear();
  }
}
