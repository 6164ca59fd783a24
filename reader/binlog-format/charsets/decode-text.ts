import iconv from "iconv-lite";
import type { Charset } from "./collations.ts";
import { differingCharacters } from "./differences.ts";
import { singleByteCharacters } from "./single-byte.ts";

/** Decodes bytes of a character set to text; invalid bytes become U+FFFD. */
export type TextDecode = (bytes: Buffer) => string;

/**
 * iconv-lite's names of MySQL's character sets, if they differ. MySQL's ucs2, utf16 and utf32 are
 * big-endian.
 */
const ICONV_NAMES: { readonly [charset in Charset]?: string } = {
  ucs2: "utf16-be",
  utf16: "utf16-be",
  utf16le: "utf16-le",
  utf32: "utf32-be",
  ujis: "eucjp",
  eucjpms: "eucjp",
  sjis: "shiftjis",
};

const decoders = new Map<Charset, TextDecode>();

export function textDecoder(charset: Charset): TextDecode {
  let decoder = decoders.get(charset);
  if (decoder === undefined) {
    decoder = makeDecoder(charset);
    decoders.set(charset, decoder);
  }
  return decoder;
}

/**
 * Whether a character set stores text as UTF-8. This includes ascii, in which MySQL accepts only
 * ASCII.
 */
export function isUtf8(charset: Charset): boolean {
  return charset === "utf8mb4" || charset === "utf8mb3" || charset === "ascii";
}

function makeDecoder(charset: Charset): TextDecode {
  if (isUtf8(charset)) return (bytes) => bytes.toString("utf8");
  const characters = singleByteCharacters(charset);
  if (characters !== undefined) {
    return (bytes) => Array.from(bytes, (byte) => characters[byte]).join("");
  }
  const name = ICONV_NAMES[charset] ?? charset;
  // A leading U+FEFF is part of the value, because the byte order of a column is fixed.
  const decode: TextDecode = (bytes) => iconv.decode(bytes, name, { stripBOM: false });
  const differing = differingCharacters(charset);
  return differing === undefined ? decode : characterwiseDecoder(charset, decode, differing);
}

/** Decodes character by character, and caches each, so that only its first occurrence is slow. */
function characterwiseDecoder(
  charset: Charset,
  decode: TextDecode,
  differing: ReadonlyMap<number, string>,
): TextDecode {
  const known = new Map(differing);
  return (bytes) => {
    let text = "";
    for (let offset = 0; offset < bytes.length;) {
      const end = Math.min(offset + characterLength(charset, bytes, offset), bytes.length);
      const code = bytes.readUIntBE(offset, end - offset);
      let character = known.get(code);
      if (character === undefined) {
        character = decode(bytes.subarray(offset, end));
        known.set(code, character);
      }
      text += character;
      offset = end;
    }
    return text;
  };
}

/** Whether a character set is an East Asian one with several bytes per character. */
export function isEastAsian(charset: Charset): boolean {
  return characterLength(charset, ANY_BYTE, 0) > 0;
}

const ANY_BYTE = new Uint8Array(1);

/**
 * The length in bytes of the character at `offset`, in an East Asian multi-byte character set
 * (`mbcharlen`); 0 for other character sets.
 */
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
    case "gbk":
    case "euckr":
      return first >= 0x81 ? 2 : 1;
    default:
      return 0;
  }
}
