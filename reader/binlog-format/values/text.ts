import type { Charset } from "../charsets/collations.ts";
import { isEastAsian, isUtf8, textDecoder } from "../charsets/decode-text.ts";
import { singleByteCharacters } from "../charsets/single-byte.ts";
import { HIGHEST_BITS, type JsonWriter } from "../json-writer.ts";
import { eastAsianWriter } from "./east-asian-text.ts";
import { PIECE_BYTES, readLength, type ValueWriter } from "./value-writer.ts";

/** CHAR, VARCHAR and TEXT, as a JSON string; `width` bytes hold the value's length. */
export function textWriter(charset: Charset, width: number): ValueWriter {
  if (isUtf8(charset)) return utf8Writer(width);
  if (isEastAsian(charset)) return eastAsianWriter(charset, width);
  const characters = singleByteCharacters(charset);
  return characters === undefined
    ? decodedWriter(charset, width)
    : singleByteWriter(characters, width);
}

function utf8Writer(width: number): ValueWriter {
  return (row, offset, json) => {
    const start = offset + width;
    const end = start + readLength(row, offset, width);
    json.utf8String(row, start, end);
    return end;
  };
}

/**
 * For character sets of one byte per character: the JSON of each byte is looked up; bytes that are
 * the same in ASCII and need no escape are copied.
 */
function singleByteWriter(characters: readonly string[], width: number): ValueWriter {
  const jsonOfByte = characters.map((character) =>
    Buffer.from(JSON.stringify(character).slice(1, -1)),
  );
  const longest = Math.max(...jsonOfByte.map((json) => json.length));
  const likeAscii = characters
    .slice(0, 0x80)
    .every((character, i) => character.charCodeAt(0) === i);
  const put = (row: Buffer, start: number, end: number, json: JsonWriter): void => {
    let at = likeAscii ? json.copyPlain(row, start, end, HIGHEST_BITS) : start;
    while (at < end) {
      const byte = row[at++] as number;
      const jsonOfCharacter = jsonOfByte[byte] as Buffer;
      json.putAll(jsonOfCharacter);
      if (likeAscii && jsonOfCharacter.length > 1) at = json.copyPlain(row, at, end, HIGHEST_BITS);
    }
  };
  return (row, offset, json) => {
    const start = offset + width;
    const end = start + readLength(row, offset, width);
    let stop = Math.min(start + PIECE_BYTES, end);
    json.reserve((stop - start) * longest + 2);
    json.put(0x22);
    put(row, start, stop, json);
    while (stop < end) {
      const from = stop;
      stop = Math.min(from + PIECE_BYTES, end);
      json.reserve((stop - from) * longest + 1);
      put(row, from, stop, json);
    }
    json.put(0x22);
    return end;
  };
}

function decodedWriter(charset: Charset, width: number): ValueWriter {
  const decode = textDecoder(charset);
  return (row, offset, json) => {
    const start = offset + width;
    const end = start + readLength(row, offset, width);
    json.string(decode(row.subarray(start, end)));
    return end;
  };
}
