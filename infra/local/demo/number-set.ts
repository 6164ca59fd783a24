/** A set of non-negative integers that are mostly consecutive. It takes one bit for each. */
export class NumberSet {
  #bits = new Uint8Array(1024);

  /** Adds `number`; returns whether it was new. */
  add(number: number): boolean {
    const index = number >> 3;
    if (index >= this.#bits.length) this.#grow(index);
    const mask = 1 << (number & 7);
    const before = this.#bits[index] ?? 0;
    this.#bits[index] = before | mask;
    return (before & mask) === 0;
  }

  #grow(index: number): void {
    const bits = new Uint8Array(2 ** Math.ceil(Math.log2(index + 1)));
    bits.set(this.#bits);
    this.#bits = bits;
  }
}
