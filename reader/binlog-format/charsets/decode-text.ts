import iconv from "iconv-lite";
import { characterLength } from "./character-length.ts";
import type { Charset } from "./collations.ts";
import { differingCharacters } from "./differences.ts";
import { singleByteCharacters } from "./single-byte.ts";

/** The text that bytes of a character set stand for; U+FFFD for what stands for nothing. */
export type TextDecode = (bytes: Buffer) => string;

/** iconv-lite's names of MySQL's character sets, where they differ; MySQL's Unicode character sets are big-endian. */
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

/** The decoder of a character set. */
export function textDecoder(charset: Charset): TextDecode {
  let decoder = decoders.get(charset);
  if (decoder === undefined) {
    decoder = makeDecoder(charset);
    decoders.set(charset, decoder);
  }
  return decoder;
}

/** Whether text of a character set is stored as UTF-8 (MySQL's ascii lets nothing else in). */
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
  // A leading U+FEFF belongs to the value: the byte order of a column is fixed.
  const decode: TextDecode = (bytes) => iconv.decode(bytes, name, { stripBOM: false });
  const differing = differingCharacters(charset);
  return differing === undefined ? decode : characterwiseDecoder(charset, decode, differing);
}

/** Decodes one character after the other and remembers each, so that only its first occurrence is slow. */
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
