import { BLOCK, OUTPUT_END } from "./layout";

/** How many bytes can be written from `out` on. */
export function roomAt(out: usize): usize {
  return out < <usize>OUTPUT_END ? <usize>OUTPUT_END - out : 0;
}

/**
 * Copies `length` bytes in whole blocks, so up to a block of bytes behind the copy is overwritten.
 * Returns the copy's end.
 */
export function copyBlocks(from: usize, length: i32, out: usize): usize {
  for (let done = 0; done < length; done += BLOCK) v128.store(out + done, v128.load(from + done));
  return out + length;
}

/** An integer of 1 to 8 bytes, lowest byte first. */
export function uintAt(at: usize, bytes: i32): u64 {
  switch (bytes) {
    case 1:
      return load<u8>(at);
    case 2:
      return load<u16>(at);
    case 4:
      return load<u32>(at);
    case 8:
      return load<u64>(at);
    default:
      return load<u64>(at) & (((<u64>1) << (<u64>bytes * 8)) - 1);
  }
}

/** An integer of 1 to 8 bytes in two's complement, lowest byte first. */
export function intAt(at: usize, bytes: i32): i64 {
  const unused: i64 = 64 - 8 * bytes;
  return ((<i64>load<u64>(at)) << unused) >> unused;
}

/** An integer of 0 to 8 bytes, highest byte first. */
export function bigEndianAt(at: usize, bytes: i32): u64 {
  return bytes === 0 ? 0 : bswap<u64>(load<u64>(at)) >> (64 - 8 * <u64>bytes);
}
