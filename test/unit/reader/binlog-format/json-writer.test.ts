import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { JsonWriter } from "../../../../reader/binlog-format/json-writer.ts";
import { writeDouble, writeFloat } from "../../../../reader/binlog-format/values/floats.ts";
import {
  integerWriter,
  writeInt64,
  writeUint64,
} from "../../../../reader/binlog-format/values/integers.ts";
import {
  datetimeWriter,
  timestampWriter,
} from "../../../../reader/binlog-format/values/temporal.ts";
import type { ValueWriter } from "../../../../reader/binlog-format/values/value-writer.ts";

function textWritten({ bytes, position }: JsonWriter): string {
  return bytes.toString("utf8", 0, position);
}

function textOf(write: (json: JsonWriter) => void): string {
  const json = new JsonWriter();
  write(json);
  return textWritten(json);
}

function valueText(writer: ValueWriter, bytes: Buffer): string {
  return textOf((json) => expect(writer(bytes, 0, json)).toBe(bytes.length));
}

describe("JsonWriter", () => {
  it("writes strings as JSON.stringify does", () => {
    const every = String.fromCharCode(...Array.from({ length: 0x300 }, (_, code) => code));
    for (const text of ["", every, "😀\u2028", '"\\"'.repeat(40_000), "\u0001".repeat(70_000)]) {
      expect(textOf((json) => json.string(text))).toBe(JSON.stringify(text));
    }
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 200 }), (text) => {
        expect(textOf((json) => json.string(text))).toBe(JSON.stringify(text));
      }),
    );
  });

  it("grows its buffer and keeps what was written", () => {
    const json = new JsonWriter();
    const parts = Array.from({ length: 3_000 }, (_, i) => "x".repeat(i % 100));
    for (const part of parts) json.ascii(part);
    expect(textWritten(json)).toBe(parts.join(""));
  });

  it("writes integers of up to 2^53 with all their digits", () => {
    const edges = [
      0,
      9,
      10,
      99,
      100,
      999_999_999,
      1_000_000_000,
      2 ** 32 - 1,
      2 ** 32,
      10 ** 15,
      2 ** 53 - 1,
    ];
    for (const value of edges.flatMap((edge) => [edge, -edge])) {
      expect(textOf((json) => json.putInteger(value))).toBe(String(value));
    }
    fc.assert(
      fc.property(fc.maxSafeInteger(), (value) => {
        expect(textOf((json) => json.putInteger(value))).toBe(String(value));
      }),
    );
  });
});

describe("numbers", () => {
  it("writes 64-bit integers with all their digits", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
        const bytes = Buffer.alloc(8);
        bytes.writeBigInt64LE(value);
        expect(valueText(writeInt64, bytes)).toBe(value.toString());
        expect(valueText(writeUint64, bytes)).toBe(BigInt.asUintN(64, value).toString());
      }),
    );
  });

  it("writes integers of three bytes, signed and unsigned", () => {
    expect(valueText(integerWriter(3, false), Buffer.from([0xff, 0xff, 0xff]))).toBe("-1");
    expect(valueText(integerWriter(3, true), Buffer.from([0xff, 0xff, 0xff]))).toBe("16777215");
  });

  it("writes doubles that are read back unchanged", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const bytes = Buffer.alloc(8);
        bytes.writeDoubleLE(value);
        expect(Object.is(JSON.parse(valueText(writeDouble, bytes)), value)).toBe(true);
      }),
    );
  });

  it("writes floats with the fewest digits that are read back unchanged", () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const bytes = Buffer.alloc(4);
        bytes.writeFloatLE(value);
        const written = Number(valueText(writeFloat, bytes));
        expect(Object.is(Math.fround(written), value)).toBe(true);
        const digits = written.toExponential().replace(/e.*|[-.]/g, "").length;
        if (digits > 1 && !Number.isInteger(written)) {
          expect(Math.fround(Number(value.toPrecision(digits - 1)))).not.toBe(value);
        }
      }),
    );
  });
});

describe("dates and times", () => {
  it("writes every second that a TIMESTAMP can be as RFC 3339", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 2 ** 32 - 1 }),
        fc.nat(999),
        (seconds, milliseconds) => {
          const bytes = Buffer.alloc(6);
          bytes.writeUInt32BE(seconds);
          bytes.writeUInt16BE(milliseconds * 10, 4);
          const expected = new Date(seconds * 1000 + milliseconds).toISOString();
          expect(valueText(timestampWriter(3), bytes)).toBe(JSON.stringify(expected));
        },
      ),
    );
  });

  it("keeps zero dates as MySQL shows them", () => {
    expect(valueText(timestampWriter(0), Buffer.alloc(4))).toBe('"0000-00-00 00:00:00"');
    expect(valueText(timestampWriter(2), Buffer.alloc(5))).toBe('"0000-00-00 00:00:00.00"');
    expect(valueText(datetimeWriter(0), Buffer.from("8000000000", "hex"))).toBe(
      '"0000-00-00 00:00:00"',
    );
  });
});
