import { zstdCompressSync } from "node:zlib";
import { ZSTD_OPTIONS } from "../../wire/zstd-options.ts";

/** The part of a text that is tried, bytes. */
export const SAMPLE_BYTES = 64 * 1024;
/**
 * Whether a text like the sample hardly becomes shorter by compression, as with random bytes: in
 * base64 it is more than this share of its size.
 */
export function isDense(sample: Buffer, mostShare: number): boolean {
  const compressed = zstdCompressSync(sample, ZSTD_OPTIONS).length;
  return (compressed * 4) / 3 > mostShare * sample.length;
}
