import { expect, it } from "vitest";
import { JsonWriter } from "../../../../../reader/binlog-format/json-writer.ts";
import { textWriter } from "../../../../../reader/binlog-format/values/text.ts";
import { PIECE_BYTES } from "../../../../../reader/binlog-format/values/value-writer.ts";

it.each(["gbk", "latin1", "swe7"] as const)(
  "writes a text of %s into a writer that has room for a shorter one",
  (charset) => {
    for (const length of [1, 2, 20, 3 * PIECE_BYTES]) {
      const row = Buffer.alloc(4 + length, 1);
      row.writeUInt32LE(length);
      for (const room of [0, length + 2]) {
        const full = new JsonWriter();
        const begin = full.bytes.length - room;
        full.position = begin;
        textWriter(charset, 4)(row, 0, full);
        const text = full.bytes.toString("utf8", begin, full.position);
        expect(text).toBe(`"${"\\u0001".repeat(length)}"`);
      }
    }
  },
);

it.each(["gbk", "latin1", "swe7"] as const)(
  "writes a text of %s whose JSON could be longer than a row, but is not",
  (charset) => {
    const row = Buffer.alloc(4 + 12_000_000, "a");
    row.writeUInt32LE(row.length - 4);
    const json = new JsonWriter();
    textWriter(charset, 4)(row, 0, json);
    expect(json.position).toBe(row.length - 4 + 2);
  },
);
