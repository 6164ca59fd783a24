import iconv from "iconv-lite";
import type { Charset } from "./collations.ts";
import { singleByteCharacters } from "./single-byte.ts";

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

/** The text that bytes of a character set stand for. */
export type TextDecode = (bytes: Buffer) => string;

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

/** The text that `bytes` stand for in a character set. */
export function decodeText(bytes: Buffer, charset: Charset): string {
  return textDecoder(charset)(bytes);
}

/** Whether text of a character set is stored as UTF-8 (MySQL's ascii lets nothing else in). */
export function isUtf8(charset: Charset): boolean {
  return charset === "utf8mb4" || charset === "utf8mb3" || charset === "ascii";
}

function makeDecoder(charset: Charset): TextDecode {
  if (isUtf8(charset)) return (bytes) => bytes.toString("utf8");
  const characters = singleByteCharacters(charset);
  if (characters !== undefined) {
    return (bytes) => {
      let text = "";
      for (const byte of bytes) text += characters[byte];
      return text;
    };
  }
  const name = ICONV_NAMES[charset] ?? charset;
  // A leading U+FEFF belongs to the value: the byte order of a column is fixed.
  return (bytes) => iconv.decode(bytes, name, { stripBOM: false });
}
