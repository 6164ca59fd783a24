import type { Charset } from "../charsets/collations.ts";
import { characterLength, textDecoder } from "../charsets/decode-text.ts";
import { HIGHEST_BITS, type JsonWriter } from "../json-writer.ts";
import { PIECE_BYTES, readLength, type ValueWriter } from "./value-writer.ts";

const QUOTE = 0x22;
const LONGEST_OF_BYTE = 6;
const REPLACEMENT = "\ufffd";
/** Instead of a length: the character was not met yet. */
const UNKNOWN = 0;
/** The same: it is decoded together with those around it. */
const OTHER = 0xff;

/** The JSON of the characters of a character set. */
interface Characters {
  /** By byte: that of a character of one byte; undefined when there is none. */
  readonly ofByte: readonly (Buffer | undefined)[];
  /** By two bytes, the first one higher: up to three bytes, lowest first, and their number. */
  readonly ofTwoBytes: Uint32Array;
}

const known = new Map<Charset, Characters>();

/**
 * CHAR, VARCHAR and TEXT of an East Asian character set, as a JSON string; `width` bytes hold the
 * value's length. A text of ASCII and of characters of two bytes is looked up, character by
 * character; any other one is decoded as a whole.
 */
export function eastAsianWriter(charset: Charset, width: number): ValueWriter {
  const decode = textDecoder(charset);
  const { ofByte, ofTwoBytes } = charactersOf(charset);

  /**
   * Writes the characters that begin from `start` to `stop`; the last one can end behind `stop`.
   * Returns where they end; -1 when the text must be decoded as a whole.
   */
  const put = (row: Buffer, start: number, stop: number, end: number, json: JsonWriter): number => {
    let at = json.copyPlain(row, start, stop, HIGHEST_BITS);
    while (at < stop) {
      const first = row[at] as number;
      const ofFirst = ofByte[first];
      if (ofFirst !== undefined) {
        json.putAll(ofFirst);
        at++;
        if (ofFirst.length > 1) at = json.copyPlain(row, at, stop, HIGHEST_BITS);
        continue;
      }
      if (at + 1 === end) return -1;
      const code = first * 0x100 + (row[at + 1] as number);
      if (ofTwoBytes[code] === UNKNOWN) ofTwoBytes[code] = packed(charset, row, at);
      const packedText = ofTwoBytes[code] as number;
      const length = packedText >>> 24;
      if (length === OTHER) return -1;
      const { bytes, position } = json;
      bytes[position] = packedText;
      bytes[position + 1] = packedText >> 8;
      bytes[position + 2] = packedText >> 16;
      json.position = position + length;
      at += 2;
      if (at < stop && (row[at] as number) < 0x80) at = json.copyPlain(row, at, stop, HIGHEST_BITS);
    }
    return at;
  };

  return (row, offset, json) => {
    const start = offset + width;
    const end = start + readLength(row, offset, width);
    const { position } = json;
    let stop = Math.min(start + PIECE_BYTES, end);
    json.reserve((stop - start) * LONGEST_OF_BYTE + 2);
    json.put(QUOTE);
    let at = put(row, start, stop, end, json);
    while (at >= 0 && at < end) {
      stop = Math.min(at + PIECE_BYTES, end);
      json.reserve((stop - at) * LONGEST_OF_BYTE + 1);
      at = put(row, at, stop, end, json);
    }
    if (at === end) {
      json.put(QUOTE);
    } else {
      json.position = position;
      json.string(decode(row.subarray(start, end)));
    }
    return end;
  };
}

/** In all of these character sets, the bytes below 0x80 are ASCII. */
function charactersOf(charset: Charset): Characters {
  let characters = known.get(charset);
  if (characters === undefined) {
    const decode = textDecoder(charset);
    const ofByte = Array.from({ length: 0x100 }, (_, byte) => {
      const bytes = Buffer.of(byte);
      const character = characterLength(charset, bytes, 0) === 1 ? decode(bytes) : REPLACEMENT;
      return character === REPLACEMENT ? undefined : jsonOf(character);
    });
    characters = { ofByte, ofTwoBytes: new Uint32Array(0x10000) };
    known.set(charset, characters);
  }
  return characters;
}

/** The element of `ofTwoBytes` for the character at `at`. */
function packed(charset: Charset, row: Buffer, at: number): number {
  const character = textDecoder(charset)(row.subarray(at, at + 2));
  const json = jsonOf(character);
  const isOne = characterLength(charset, row, at) === 2 && character.length === 1;
  if (!isOne || character === REPLACEMENT || json.length > 3) return OTHER * 2 ** 24;
  return json.length * 2 ** 24 + json.readUIntLE(0, json.length);
}

function jsonOf(text: string): Buffer {
  return Buffer.from(JSON.stringify(text).slice(1, -1));
}
