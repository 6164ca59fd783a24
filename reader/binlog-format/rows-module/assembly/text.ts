import { BLOCK } from "./layout";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** The JSON of a byte takes up to six bytes, behind a byte with its length. */
const BYTE_STRIDE = 8;
/** Behind the JSON of all bytes: whether the bytes below 0x80 are those of ASCII. */
const LIKE_ASCII = 256 * BYTE_STRIDE;

/** Bytes of UTF-8, as a JSON string. */
export function putUtf8(from: usize, end: usize, out: usize): usize {
  store<u8>(out, QUOTE);
  let to = out + 1;
  for (let at = from; ;) {
    const plain = plainBytes(at, end, to, false);
    at += plain;
    to += plain;
    if (at >= end) break;
    to = putEscape(load<u8>(at), to);
    at++;
  }
  store<u8>(to, QUOTE);
  return to + 1;
}

/**
 * Text of a character set of one byte per character, as a JSON string. `characters`: the JSON of
 * each byte.
 */
export function putSingleByte(from: usize, end: usize, characters: usize, out: usize): usize {
  store<u8>(out, QUOTE);
  let to = out + 1;
  let at = from;
  const likeAscii = load<u32>(characters, LIKE_ASCII) !== 0;
  while (at < end) {
    if (likeAscii) {
      const plain = plainBytes(at, end, to, true);
      at += plain;
      to += plain;
      if (at >= end) break;
    }
    const character = load<u64>(characters + <usize>load<u8>(at) * BYTE_STRIDE);
    store<u64>(to, character >> 8);
    to += <usize>(character & 0xff);
    at++;
  }
  store<u8>(to, QUOTE);
  return to + 1;
}

/**
 * Copies the bytes before the first one that needs an escape, or with `onlyAscii` is not ASCII;
 * returns how many. Up to a block of bytes behind them is overwritten.
 */
function plainBytes(from: usize, end: usize, out: usize, onlyAscii: bool): usize {
  let at = from;
  for (; at < end; at += BLOCK) {
    const block = v128.load(at);
    v128.store(out + (at - from), block);
    let special = v128.or(
      i8x16.lt_u(block, i8x16.splat(0x20)),
      v128.or(i8x16.eq(block, i8x16.splat(<i8>QUOTE)), i8x16.eq(block, i8x16.splat(<i8>BACKSLASH))),
    );
    if (onlyAscii) special = v128.or(special, block);
    const mask = i8x16.bitmask(special);
    if (mask !== 0) {
      at += ctz(mask);
      break;
    }
  }
  return min(at, end) - from;
}

function putEscape(byte: u32, out: usize): usize {
  store<u8>(out, BACKSLASH);
  const letter = letterOf(byte);
  if (letter !== 0) {
    store<u8>(out, letter, 1);
    return out + 2;
  }
  store<u32>(out, 0x30303075, 1); // u000
  store<u8>(out, 0x30 + (byte >> 4), 4);
  const low = byte & 15;
  store<u8>(out, low < 10 ? 0x30 + low : 0x61 - 10 + low, 5);
  return out + 6;
}

/** The character behind the backslash; 0 when there is none of its own. */
function letterOf(byte: u32): u32 {
  switch (byte) {
    case 0x08:
      return 0x62;
    case 0x09:
      return 0x74;
    case 0x0a:
      return 0x6e;
    case 0x0c:
      return 0x66;
    case 0x0d:
      return 0x72;
    case QUOTE:
    case BACKSLASH:
      return byte;
    default:
      return 0;
  }
}
