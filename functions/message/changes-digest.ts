import { binlogFileNumber } from "../../wire/binlog-file.ts";
import type { KeyChangeHalf } from "../../wire/change-text.ts";
import type { FrameChange } from "../../wire/frame.ts";

const TWO_TO_32 = 2 ** 32;
const HALVES = { delete: 1, create: 2 } as const;

/**
 * A digest of the changes in one message, by their places in the binlog. Other changes of the same
 * frame have the same digest only by chance, of 1 in 2^64: two hashes of 32 bits, the steps of
 * FNV-1a and of MurmurHash3.
 */
export class ChangesDigest {
  #fnv = 0x811c9dc5 | 0;
  #murmur = 0;
  #file = "";

  /** `file`: the name of the change's binlog file. */
  add(
    { offset, row }: Pick<FrameChange, "offset" | "row">,
    file: string,
    half: KeyChangeHalf | undefined,
  ): void {
    if (file !== this.#file) this.#mix(binlogFileNumber(file));
    this.#file = file;
    this.#mix(offset | 0);
    this.#mix(Math.floor(offset / TWO_TO_32));
    this.#mix(row);
    this.#mix(half === undefined ? 0 : HALVES[half]);
  }

  get text(): string {
    return `${this.#fnv >>> 0}-${this.#murmur >>> 0}`;
  }

  #mix(word: number): void {
    this.#fnv = Math.imul(this.#fnv ^ word, 0x01000193);
    const scrambled = Math.imul(rotated(Math.imul(word, 0xcc9e2d51), 15), 0x1b873593);
    this.#murmur = (Math.imul(rotated(this.#murmur ^ scrambled, 13), 5) + 0xe6546b64) | 0;
  }
}

/** A word of 32 bits, rotated to the left. */
function rotated(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}
