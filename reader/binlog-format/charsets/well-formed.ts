import type { Charset } from "./collations.ts";

/**
 * The length in bytes of the character at `offset`; 1 for a single byte and for a malformed
 * character (`ismbchar` in MySQL's strings/ctype-*.cc).
 */
export type CharacterBytes = (bytes: Uint8Array, offset: number) => number;

/**
 * Measures the characters of a character set in which a character can contain an ASCII byte, such
 * as a backslash or a quote, after its first byte. null for other character sets, in which an ASCII
 * byte is always an ASCII character.
 */
export function measureOf(charset: Charset): CharacterBytes | null {
  switch (charset) {
    case "sjis":
    case "cp932":
      return (bytes, offset) =>
        isShiftJisFirst(bytes[offset] ?? 0) && isShiftJisSecond(bytes[offset + 1] ?? 0) ? 2 : 1;
    case "big5":
      return (bytes, offset) =>
        isBetween(bytes[offset], 0xa1, 0xf9) &&
        (isBetween(bytes[offset + 1], 0x40, 0x7e) || isBetween(bytes[offset + 1], 0xa1, 0xfe))
          ? 2
          : 1;
    case "gbk":
      return (bytes, offset) =>
        isBetween(bytes[offset], 0x81, 0xfe) && isGbkSecond(bytes[offset + 1]) ? 2 : 1;
    case "gb18030":
      return gb18030Bytes;
    default:
      return null;
  }
}

function gb18030Bytes(bytes: Uint8Array, offset: number): number {
  if (!isBetween(bytes[offset], 0x81, 0xfe)) return 1;
  if (isGbkSecond(bytes[offset + 1])) return 2;
  return isBetween(bytes[offset + 1], 0x30, 0x39) &&
    isBetween(bytes[offset + 2], 0x81, 0xfe) &&
    isBetween(bytes[offset + 3], 0x30, 0x39)
    ? 4
    : 1;
}

function isShiftJisFirst(byte: number): boolean {
  return (byte >= 0x81 && byte <= 0x9f) || (byte >= 0xe0 && byte <= 0xfc);
}

function isShiftJisSecond(byte: number): boolean {
  return (byte >= 0x40 && byte <= 0x7e) || (byte >= 0x80 && byte <= 0xfc);
}

function isGbkSecond(byte: number | undefined): boolean {
  return isBetween(byte, 0x40, 0x7e) || isBetween(byte, 0x80, 0xfe);
}

function isBetween(byte: number | undefined, first: number, last: number): boolean {
  return byte !== undefined && byte >= first && byte <= last;
}
