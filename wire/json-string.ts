const QUOTE = 34;
const BACKSLASH = 92;
const SPACE = 32;

/**
 * The UTF-8 bytes of `JSON.stringify(text)`, in half of its time when many characters need an
 * escape, as in a JSON text that becomes a string in another JSON text. Four bytes are tested
 * together; most of them are copied unchanged.
 */
export function jsonStringBytes(text: string): Uint8Array {
  // A lone surrogate cannot be written in UTF-8; JSON.stringify escapes it.
  return (text.isWellFormed() ? escaped(text) : null) ?? Buffer.from(JSON.stringify(text));
}

/** Null when the text contains a control character, which no JSON text does. */
function escaped(text: string): Uint8Array | null {
  const length = Buffer.byteLength(text);
  const source = Buffer.allocUnsafeSlow(4 * Math.ceil(length / 4));
  source.write(text);
  const words = new Int32Array(source.buffer);
  const target = Buffer.allocUnsafeSlow(2 * length + 2);
  const view = new DataView(target.buffer);
  let end = 0;
  target[end++] = QUOTE;
  for (let at = 0; at < length;) {
    const word = words[at >> 2] ?? 0;
    if (isPlain(word) && at + 4 <= length) {
      view.setInt32(end, word, LITTLE_ENDIAN);
      end += 4;
      at += 4;
      continue;
    }
    for (const next = Math.min(at + 4, length); at < next; at++) {
      const byte = source[at] ?? 0;
      if (byte < SPACE) return null;
      if (byte === QUOTE || byte === BACKSLASH) target[end++] = BACKSLASH;
      target[end++] = byte;
    }
  }
  target[end++] = QUOTE;
  return target.subarray(0, end);
}

/** Whether this machine stores the lowest byte of a word first. */
const LITTLE_ENDIAN = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

const ONES = 0x01010101;
const HIGH_BITS = 0x80808080;

/**
 * Whether the four bytes contain no quote, backslash or control character. A byte below n (n up to
 * 128) sets its high bit in `(word - n) & ~word`. Rarely the byte above it sets its bit too; such a
 * false alarm only costs a test of each byte.
 */
function isPlain(word: number): boolean {
  const quotes = word ^ (QUOTE * ONES);
  const backslashes = word ^ (BACKSLASH * ONES);
  const special =
    ((quotes - ONES) & ~quotes) |
    ((backslashes - ONES) & ~backslashes) |
    ((word - SPACE * ONES) & ~word);
  return (special & HIGH_BITS) === 0;
}
