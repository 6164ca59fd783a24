import { INPUT, IS_ASCII, READ, SHUFFLES } from "./layout";

const QUOTE: u8 = 0x22;
const BACKSLASH: u8 = 0x5c;
const SLASH: u8 = 0x2f;
const SPACE: u8 = 0x20;
const BLOCK: usize = 16;

/** Where `unescapeSlowly` has read to, where its text ends, and the bits that its bytes have. */
let readTo: usize = 0;
let written: usize = 0;
let slowBits: u8 = 0;

makeShuffles();

/**
 * Writes the text of a piece of a JSON string to `to`, and to `READ` how much of the piece was
 * read: up to the quote that ends the string, or to `limit`, or to a backslash just before that.
 * Returns where the text ends; 0 when the piece is no part of a JSON string, or has an escape of
 * four digits.
 */
export function unescape(limit: usize, to: usize): usize {
  let from: usize = INPUT;
  /** 1: the byte before `from` is a backslash, which is not read yet. */
  let open: i32 = 0;
  let bits = i8x16.splat(0);
  slowBits = 0;
  while (from + BLOCK <= limit) {
    const block = v128.load(from);
    const backslashes = i8x16.bitmask(i8x16.eq(block, i8x16.splat(<i8>BACKSLASH)));
    if (onlyQuotesEscaped(block, (backslashes << 1) | open)) {
      bits = v128.or(bits, block);
      const low = backslashes & 0xff;
      const high = backslashes >> 8;
      v128.store64_lane(to, i8x16.swizzle(block, shuffle(low)), 0);
      to += 8 - popcnt(low);
      const places = i8x16.add(shuffle(high), i8x16.splat(8));
      v128.store64_lane(to, i8x16.swizzle(block, places), 0);
      to += 8 - popcnt(high);
      // Always a whole block, so that the next one is read without waiting for what is in this.
      from += BLOCK;
      open = backslashes >> 15;
    } else {
      if (!unescapeSlowly(from - open, from + BLOCK, limit, to)) return 0;
      open = 0;
      from = readTo;
      to = written;
      if (load<u8>(from) === QUOTE) break;
    }
  }
  if (!unescapeSlowly(from - open, limit, limit, to)) return 0;
  store<u32>(READ, <u32>(readTo - INPUT));
  store<u32>(IS_ASCII, <u32>(i8x16.bitmask(bits) === 0 && slowBits < 0x80));
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
    slowBits |= byte;
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

/** Whether a block has its quotes at the places that are escaped, and nothing else there. */
function onlyQuotesEscaped(block: v128, escaped: i32): bool {
  const quotes = i8x16.bitmask(i8x16.eq(block, i8x16.splat(<i8>QUOTE)));
  return quotes === (escaped & 0xffff) && !v128.any_true(i8x16.lt_u(block, i8x16.splat(<i8>SPACE)));
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
