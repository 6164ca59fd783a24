import { OUTPUT } from "./layout";

const QUOTE: u8 = 0x22;
const BACKSLASH: u8 = 0x5c;
const SPACE: u8 = 0x20;
const BLOCK: usize = 16;

/**
 * Copies the text from `from` to `end` to `OUTPUT`, 16 bytes at a time, with a backslash before
 * each quote and backslash. Returns where the copy ends; 0 when the text has a control character.
 */
export function escape(from: usize, end: usize): usize {
  /** How much further behind a byte is in the copy. */
  let shift: usize = OUTPUT - from;
  for (let at = from; at < end; at += BLOCK) {
    const block = v128.load(at);
    v128.store(at + shift, block);
    for (let special = specialBytes(block); special !== 0; special &= special - 1) {
      const place: usize = at + ctz(special);
      // Behind the end, the block has anything.
      if (place >= end) return end + shift;
      if (load<u8>(place) < SPACE) return 0;
      // A backslash, and all from the special byte on once more behind it.
      store<u8>(place + shift, BACKSLASH);
      shift++;
      v128.store(place + shift, v128.load(place));
    }
  }
  return end + shift;
}

/** A bit for each byte that needs an escape in a JSON string. */
function specialBytes(block: v128): i32 {
  return i8x16.bitmask(
    v128.or(
      i8x16.lt_u(block, i8x16.splat(<i8>SPACE)),
      v128.or(i8x16.eq(block, i8x16.splat(<i8>QUOTE)), i8x16.eq(block, i8x16.splat(<i8>BACKSLASH))),
    ),
  );
}
