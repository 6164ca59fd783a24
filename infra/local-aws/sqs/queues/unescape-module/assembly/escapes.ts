const QUOTE: u8 = 0x22;
const BACKSLASH: u8 = 0x5c;
const SLASH: u8 = 0x2f;
const SPACE: u8 = 0x20;

/** Where the text of the last call of `unescapeSlowly` ends. */
export let written: usize = 0;

/**
 * Unescapes byte by byte until `stop` or the end of an escape behind it. Returns where that is; 0
 * when something there is no part of a JSON string.
 */
export function unescapeSlowly(from: usize, stop: usize, to: usize): usize {
  written = to;
  while (from < stop) {
    const byte = load<u8>(from);
    if (byte < SPACE || byte === QUOTE) return 0;
    if (byte !== BACKSLASH) {
      store<u8>(written++, byte);
      from++;
    } else if (load<u8>(from + 1) === 0x75) {
      from = unescapeUnit(from);
      if (from === 0) return 0;
    } else {
      const meant = meantBy(load<u8>(from + 1));
      if (meant === 0) return 0;
      store<u8>(written++, meant);
      from += 2;
    }
  }
  return from;
}

/** Where the character ends to which the byte before `from` belongs. */
export function characterEnd(from: usize): usize {
  while ((load<u8>(from) & 0xc0) === 0x80) from++;
  return from;
}

/** The character for which a letter behind a backslash stands; 0: none. */
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

/**
 * Unescapes a unit, such as `\u0041`, and the other one of its pair. Returns where it ends; 0 when
 * it is none.
 */
function unescapeUnit(from: usize): usize {
  const unit = hexadecimal(from + 2);
  if (unit < 0) return 0;
  from += 6;
  if (unit >> 10 === 0xd800 >> 10 && load<u16>(from) === 0x755c) {
    const other = hexadecimal(from + 2);
    if (other >> 10 === 0xdc00 >> 10) {
      append(0x10000 + ((unit & 0x3ff) << 10) + (other & 0x3ff));
      return from + 6;
    }
  }
  append(unit);
  return from;
}

/** The number in four hexadecimal digits; -1 when they are not. */
function hexadecimal(at: usize): i32 {
  let value: i32 = 0;
  for (let place: usize = 0; place < 4; place++) {
    const byte: i32 = load<u8>(at + place);
    const letter = byte | 0x20;
    if (byte >= 0x30 && byte <= 0x39) value = (value << 4) | (byte - 0x30);
    else if (letter >= 0x61 && letter <= 0x66) value = (value << 4) | (letter - 0x61 + 10);
    else return -1;
  }
  return value;
}

/** Appends a character in UTF-8; a lone surrogate as if it were a character. */
function append(code: i32): void {
  if (code < 0x80) return store<u8>(written++, <u8>code);
  if (code < 0x800) {
    store<u8>(written++, <u8>(0xc0 | (code >> 6)));
  } else {
    if (code < 0x10000) {
      store<u8>(written++, <u8>(0xe0 | (code >> 12)));
    } else {
      store<u8>(written++, <u8>(0xf0 | (code >> 18)));
      store<u8>(written++, <u8>(0x80 | ((code >> 12) & 0x3f)));
    }
    store<u8>(written++, <u8>(0x80 | ((code >> 6) & 0x3f)));
  }
  store<u8>(written++, <u8>(0x80 | (code & 0x3f)));
}
