import { zstdCompressSync } from "node:zlib";
import { ZSTD_OPTIONS } from "../../wire/zstd-options.ts";

/** The part of a text that is tried, bytes. */
export const SAMPLE_BYTES = 64 * 1024;
/** The greatest size of a compressed message, in base64, as a share of its text's size. */
const MOST_SHARE = 0.55;

/** Whether a text like the sample hardly becomes shorter by compression, as with random bytes. */
export function isDense(sample: Buffer): boolean {
  const compressed = zstdCompressSync(sample, ZSTD_OPTIONS).length;
  return (compressed * 4) / 3 > MOST_SHARE * sample.length;
}
