import type { Charset } from "./collations.ts";

/** How many bytes the character that begins at `offset` has in a multi-byte character set of East Asia (`mbcharlen`). */
export function characterLength(charset: Charset, bytes: Uint8Array, offset: number): number {
  const first = bytes[offset] ?? 0;
  switch (charset) {
    case "sjis":
    case "cp932":
      return (first >= 0x81 && first <= 0x9f) || first >= 0xe0 ? 2 : 1;
    case "ujis":
    case "eucjpms":
      if (first === 0x8f) return 3;
      return first === 0x8e || first >= 0xa1 ? 2 : 1;
    case "gb18030": {
      if (first < 0x81) return 1;
      const second = bytes[offset + 1] ?? 0;
      return second >= 0x30 && second <= 0x39 ? 4 : 2;
    }
    case "big5":
    case "gb2312":
      return first >= 0xa1 ? 2 : 1;
    default:
      throw new RangeError(`${charset} is not such a character set`);
  }
}
