import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Charset } from "../../../../../reader/binlog-format/charsets/collations.ts";
import {
  isEastAsian,
  textDecoder,
} from "../../../../../reader/binlog-format/charsets/decode-text.ts";
import { JsonWriter } from "../../../../../reader/binlog-format/json-writer.ts";
import { textWriter } from "../../../../../reader/binlog-format/values/text.ts";
import { PIECE_BYTES } from "../../../../../reader/binlog-format/values/value-writer.ts";

const CHARSETS: readonly Charset[] = [
  "big5",
  "cp932",
  "eucjpms",
  "euckr",
  "gb18030",
  "gb2312",
  "gbk",
  "sjis",
  "ujis",
];

const json = new JsonWriter();
const writers = new Map(CHARSETS.map((charset) => [charset, textWriter(charset, 2)]));

/** The JSON that the column's writer writes for a text. */
function written(charset: Charset, text: Buffer): string {
  json.reset();
  const row = Buffer.concat([Buffer.alloc(2), text, Buffer.from("behind")]);
  row.writeUInt16LE(text.length);
  const end = writers.get(charset)?.(row, 0, json);
  return end === 2 + text.length ? json.bytes.toString("utf8", 0, json.position) : `ends at ${end}`;
}

/** The JSON of the text that the decoder of the character set finds in all the bytes together. */
function decoded(charset: Charset, text: Buffer): string {
  return JSON.stringify(textDecoder(charset)(text).toWellFormed());
}

describe.each(CHARSETS)("%s", (charset) => {
  it("is an East Asian character set", () => expect(isEastAsian(charset)).toBe(true));

  it("has each byte, and each two bytes, written as they are decoded", () => {
    const wrong: string[] = [];
    const compare = (text: Buffer): void => {
      if (written(charset, text) !== decoded(charset, text)) wrong.push(text.toString("hex"));
    };
    for (let byte = 0; byte < 0x100; byte++) compare(Buffer.of(byte));
    for (let first = 0x80; first < 0x100; first++) {
      for (let second = 0; second < 0x100; second++)
        compare(Buffer.from([0x61, first, second, 0x62, first, second]));
    }
    expect(wrong).toEqual([]);
  });

  it("has a long text written as it is decoded, also where a piece ends in a character", () => {
    for (let before = PIECE_BYTES - 3; before <= PIECE_BYTES; before++) {
      const characters = Buffer.alloc(2 * PIECE_BYTES, Buffer.from([0xb0, 0xa1]));
      const text = Buffer.concat([Buffer.alloc(before, "a"), characters, Buffer.from('"')]);
      expect(written(charset, text)).toBe(decoded(charset, text));
    }
  });

  it("has any bytes written as they are decoded, with ASCII and characters that need escapes", () => {
    const part = fc.oneof(
      fc
        .constantFrom("plain text of more than a word", "a", '"', "\\", "\n", "")
        .map((text) => Buffer.from(text)),
      fc.uint8Array({ maxLength: 6 }).map((bytes) => Buffer.from(bytes)),
      fc
        .tuple(fc.integer({ min: 0x81, max: 0xfe }), fc.integer({ min: 0x30, max: 0xfe }))
        .map((pair) => Buffer.from(pair)),
      fc.constant(Buffer.from("8230d333", "hex")),
      fc.constant(Buffer.from("8fb0a1", "hex")),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
        const text = Buffer.concat(parts);
        expect(written(charset, text)).toBe(decoded(charset, text));
      }),
      { numRuns: 500 },
    );
  });
});

it.each(["utf8mb4", "latin1", "ucs2", "utf16", "utf16le", "utf32", "binary"] as const)(
  "%s is no East Asian character set",
  (charset) => expect(isEastAsian(charset)).toBe(false),
);
