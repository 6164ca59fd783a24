import { DECIMAL, INTEGER, OTHER, STRING } from "./layout";

const QUOTE: u8 = 0x22;
const PLUS: u8 = 0x2b;
const MINUS: u8 = 0x2d;
const POINT: u8 = 0x2e;
const ZERO: u8 = 0x30;
const BACKSLASH: u8 = 0x5c;
const SPACE: u8 = 0x20;
const BLOCK: usize = 16;
/** So many digits fit a JavaScript number, whatever they are. */
const MOST_DIGITS: usize = 15;

/** What `read` found: its kind, where it begins and ends; the number of an INTEGER. */
export let kind: i32 = 0;
export let start: usize = 0;
export let end: usize = 0;
export let number: f64 = 0;

/** Where the JSON value at `at` ends; 0 when there is none. */
export function endOfValue(at: usize): usize {
  return read(at);
}

/**
 * Reads a JSON value. Returns where it ends; 0 when there is none. A value of the kind OTHER may be
 * no JSON: of it, only the end was looked for.
 */
export function read(at: usize): usize {
  const first = load<u8>(at);
  if (first === QUOTE) return readString(at);
  if (first === MINUS || isDigit(first)) return readNumber(at);
  if (isNested(first)) return readNested(at);
  switch (first) {
    case 0x6e: // null
      return load<u32>(at) === 0x6c6c756e ? other(at, at + 4) : 0;
    case 0x74: // true
      return load<u32>(at) === 0x65757274 ? other(at, at + 4) : 0;
    case 0x66: // false
      return load<u32>(at, 1) === 0x65736c61 ? other(at, at + 5) : 0;
    default:
      return 0;
  }
}

/** Whether a value may become an object: a list, an object, or a number as an ExactDecimal. */
export function isObject(at: usize, behind: usize): bool {
  const first = load<u8>(at);
  if (first === QUOTE) return false;
  if (isNested(first)) return true;
  if (behind - at <= MOST_DIGITS) return false;
  let place = at + 1;
  while (isDigit(load<u8>(place))) place++;
  return place < behind;
}

/** Whether a byte opens an object or a list. */
function isNested(byte: u8): bool {
  return (byte | 0x20) === 0x7b;
}

/** How many bytes two texts have in common, from their beginning, `length` at most. */
export function sameBytes(one: usize, other: usize, length: usize): usize {
  for (let at: usize = 0; at < length; at += BLOCK) {
    const differ = i8x16.bitmask(i8x16.ne(v128.load(one + at), v128.load(other + at)));
    if (differ !== 0) return min(length, at + ctz(differ));
  }
  return length;
}

function other(at: usize, behind: usize): usize {
  kind = OTHER;
  start = at;
  end = behind;
  return behind;
}

function readString(at: usize): usize {
  for (let from = at + 1; ; from += BLOCK) {
    const block = v128.load(from);
    const special = i8x16.bitmask(
      v128.or(
        i8x16.lt_u(block, i8x16.splat(<i8>SPACE)),
        v128.or(
          i8x16.eq(block, i8x16.splat(<i8>QUOTE)),
          i8x16.eq(block, i8x16.splat(<i8>BACKSLASH)),
        ),
      ),
    );
    if (special === 0) continue;
    kind = STRING;
    start = at + 1;
    end = from + ctz(special);
    const byte = load<u8>(end);
    if (byte === QUOTE) return end + 1;
    return byte === BACKSLASH ? readEscaped(at, end) : 0;
  }
}

/** Reads the string at `at` from its first backslash on. */
function readEscaped(at: usize, backslash: usize): usize {
  let place = backslash;
  let byte = load<u8>(place++);
  while (byte !== QUOTE) {
    if (byte === BACKSLASH) byte = load<u8>(place++);
    if (byte < SPACE) return 0;
    byte = load<u8>(place++);
  }
  return other(at, place);
}

function readNumber(at: usize): usize {
  const isNegative = load<u8>(at) === MINUS;
  const first = isNegative ? at + 1 : at;
  let place = first;
  let whole: f64 = 0;
  for (; isDigit(load<u8>(place)); place++) whole = whole * 10 + <f64>(load<u8>(place) - ZERO);
  const digits = place - first;
  const isWhole = digits === 1 || (digits > 1 && load<u8>(first) !== ZERO);
  let isShort = digits <= MOST_DIGITS;
  kind = INTEGER;
  number = isNegative ? -whole : whole;
  if (load<u8>(place) === POINT) {
    const point = place++;
    while (isDigit(load<u8>(place))) place++;
    kind = DECIMAL;
    isShort = place > point + 1 && place - first <= MOST_DIGITS + 1;
  }
  if (isWhole && isShort && !isInNumber(load<u8>(place))) {
    start = at;
    end = place;
    return place;
  }
  while (isInNumber(load<u8>(place))) place++;
  return other(at, place);
}

function isDigit(byte: u8): bool {
  return byte - ZERO <= 9;
}

function isInNumber(byte: u8): bool {
  return (
    isDigit(byte) || byte === POINT || byte === PLUS || byte === MINUS || (byte | 0x20) === 0x65
  );
}

/** An object or a list ends with the bracket that closes it. */
function readNested(at: usize): usize {
  let depth = 0;
  let place = at;
  do {
    const byte = load<u8>(place);
    if (byte === 0) return 0;
    if (byte === QUOTE) {
      place = readString(place);
      if (place === 0) return 0;
    } else {
      place++;
      if (isNested(byte)) depth++;
      else if (isNested(byte - 2)) depth--;
    }
  } while (depth > 0);
  return other(at, place);
}
