import { characterEnd, unescapeSlowly, written } from "./escapes";
import { inspect } from "./inspect";
import { FACTS, INPUT, OUTPUT, SHUFFLES } from "./layout";

const QUOTE: i8 = 0x22;
const BACKSLASH: i8 = 0x5c;
const SPACE: i8 = 0x20;
const BLOCK: usize = 16;

makeShuffles();

/**
 * Writes the text of a piece of a JSON string to `OUTPUT`, and its `FACTS`. Reads to `limit`, and
 * from there to the end of a character or an escape. Returns where the text ends; 0 when the piece
 * is no part of a JSON string.
 */
export function unescape(limit: usize): usize {
  let from: usize = INPUT;
  let to: usize = OUTPUT;
  while (from < limit) {
    if (from + BLOCK <= limit) {
      const block = v128.load(from);
      const backslashes = i8x16.bitmask(i8x16.eq(block, i8x16.splat(BACKSLASH)));
      if (onlyQuotesEscaped(block, backslashes)) {
        // A backslash at the end is left to the next block.
        const read: usize = 16 - (backslashes >> 15);
        const low = backslashes & 0xff;
        const high = (backslashes >> 8) & 0x7f;
        v128.store64_lane(to, i8x16.swizzle(block, shuffle(low)), 0);
        to += 8 - popcnt(low);
        const places = i8x16.add(shuffle(high), i8x16.splat(8));
        v128.store64_lane(to, i8x16.swizzle(block, places), 0);
        to += read - 8 - popcnt(high);
        from += read;
        continue;
      }
    }
    from = unescapeSlowly(from, min(from + BLOCK, limit), to);
    if (from === 0) return 0;
    to = written;
  }
  // A character is not cut.
  const end = characterEnd(from);
  for (; from < end; from++, to++) store<u8>(to, load<u8>(from));
  store<u32>(FACTS, <u32>(from - INPUT));
  inspect(to);
  return to;
}

/** Whether each quote in a block has a backslash before it in the block, and nothing else has. */
function onlyQuotesEscaped(block: v128, backslashes: i32): bool {
  const quotes = i8x16.bitmask(i8x16.eq(block, i8x16.splat(QUOTE)));
  return (
    quotes === ((backslashes << 1) & 0xffff) &&
    !v128.any_true(i8x16.lt_u(block, i8x16.splat(SPACE)))
  );
}

/** The places of the bytes that stay of eight, first those. */
function shuffle(left: i32): v128 {
  return v128.load64_zero(SHUFFLES + (left << 3));
}

function makeShuffles(): void {
  for (let left = 0; left < 256; left++) {
    let at: usize = SHUFFLES + (left << 3);
    for (let place = 0; place < 8; place++)
      if (((left >> place) & 1) === 0) store<u8>(at++, <u8>place);
  }
}
