import { INPUT, OUTPUT, READ, SHUFFLES } from "./layout";

const QUOTE: u8 = 0x22;
const BACKSLASH: u8 = 0x5c;
const SLASH: u8 = 0x2f;
const SPACE: u8 = 0x20;
const BLOCK: usize = 16;

/** Where `unescapeSlowly` has read to, and where its text ends. */
let readTo: usize = 0;
let written: usize = 0;

makeShuffles();

/**
 * Writes the text of a piece of a JSON string to `OUTPUT`, and to `READ` how much of the piece was
 * read: up to the quote that ends the string, or to `limit`, or to a backslash just before that.
 * Returns where the text ends; 0 when the piece is no part of a JSON string, or has an escape of
 * four digits.
 */
export function unescape(limit: usize): usize {
  let from: usize = INPUT;
  let to: usize = OUTPUT;
  while (from + BLOCK <= limit) {
    const block = v128.load(from);
    const backslashes = i8x16.bitmask(i8x16.eq(block, i8x16.splat(<i8>BACKSLASH)));
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
    } else {
      if (!unescapeSlowly(from, from + BLOCK, limit, to)) return 0;
      from = readTo;
      to = written;
      if (load<u8>(from) === QUOTE) break;
    }
  }
  if (!unescapeSlowly(from, limit, limit, to)) return 0;
  store<u32>(READ, <u32>(readTo - INPUT));
  return written;
}

/**
 * Unescapes byte by byte until `stop`, the end of an escape behind it, or a quote without a
 * backslash. Returns false when something there is no part of a JSON string, or is an escape of
 * four digits.
 */
function unescapeSlowly(from: usize, stop: usize, limit: usize, to: usize): bool {
  for (; from < stop; from++) {
    let byte = load<u8>(from);
    if (byte === QUOTE) break;
    if (byte < SPACE) return false;
    if (byte === BACKSLASH) {
      if (from + 1 === limit) break;
      byte = meantBy(load<u8>(++from));
      if (byte === 0) return false;
    }
    store<u8>(to++, byte);
  }
  readTo = from;
  written = to;
  return true;
}

/** The character for which a letter behind a backslash stands; 0: none, or digits follow it. */
function meantBy(letter: u8): u8 {
  switch (letter) {
    case QUOTE:
    case BACKSLASH:
    case SLASH:
      return letter;
    case 0x62:
      return 0x08;
    case 0x66:
      return 0x0c;
    case 0x6e:
      return 0x0a;
    case 0x72:
      return 0x0d;
    case 0x74:
      return 0x09;
    default:
      return 0;
  }
}

/** Whether each quote in a block has a backslash before it in the block, and nothing else has. */
function onlyQuotesEscaped(block: v128, backslashes: i32): bool {
  const quotes = i8x16.bitmask(i8x16.eq(block, i8x16.splat(<i8>QUOTE)));
  return (
    quotes === ((backslashes << 1) & 0xffff) &&
    !v128.any_true(i8x16.lt_u(block, i8x16.splat(<i8>SPACE)))
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
