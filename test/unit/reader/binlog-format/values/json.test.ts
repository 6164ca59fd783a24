import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CorruptEventError } from "../../../../../reader/binlog-format/errors.ts";
import { JsonWriter } from "../../../../../reader/binlog-format/json-writer.ts";
import { jsonWriter } from "../../../../../reader/binlog-format/values/json.ts";
import { recorded } from "../recorded-events.ts";

const WIDTH = 4;
const write = jsonWriter(WIDTH);
const json = new JsonWriter();

/** The JSON of a value in MySQL's binary format, which has `next` behind it; null for an error. */
function textOf(value: Uint8Array, next: Uint8Array): string | null {
  const length = Buffer.alloc(WIDTH);
  length.writeUInt32LE(value.length);
  json.reset();
  try {
    write(Buffer.concat([length, value, next]), 0, json);
  } catch (error) {
    if (error instanceof CorruptEventError || error instanceof RangeError) return null;
    throw error;
  }
  return json.bytes.toString("utf8", 0, json.position);
}

const NOTHING = Buffer.alloc(0);
/** `{"n":18446744073709551615,"tags":["x",1.5,null]}`. */
const recordedValue = recorded.WRITE_ROWS.subarray(56, 56 + 55);
/** `{"a":1.50,"d":"2026-01-02"}`, whose values are a DECIMAL and a DATE. */
const withoutJsonType = Buffer.from(
  "000200240012000100130001000f14000f1a006164f604030281320a080000000000000000",
  "hex",
);
withoutJsonType.writeBigInt64LE((BigInt(2026 * 13 + 1) << 46n) | (2n << 41n), 29);

describe("jsonWriter", () => {
  it("writes numbers with all digits, and values without a JSON type", () => {
    expect(textOf(recordedValue, NOTHING)).toBe('{"n":18446744073709551615,"tags":["x",1.5,null]}');
    expect(textOf(withoutJsonType, NOTHING)).toBe('{"a":1.50,"d":"2026-01-02"}');
  });

  it.each([
    ["the entries of an object", "0001000400", "000000000c0000"],
    ["the entries of an array", "0201000400", "0c0000"],
    ["a value of fixed length", "0a", "0100000000000000"],
    ["a string", "0c0261", "62"],
    ["a DECIMAL", "0ff6020302", "8132"],
    ["a DATE", "0f0a00", "00000000"],
    ["a TIME", "0f0b00", "00000000"],
    ["a DATETIME", "0f0c00", "00000000"],
  ])("refuses a value that ends inside %s", (_, value, next) => {
    const rest = Buffer.concat([Buffer.from(next, "hex"), Buffer.alloc(20)]);
    expect(textOf(Buffer.from(value, "hex"), rest)).toBeNull();
  });

  it("reads no sign of a DECIMAL without digits, and refuses one with more decimals", () => {
    expect(textOf(Buffer.from("0ff6020000", "hex"), Buffer.alloc(20))).toBe("0");
    expect(textOf(Buffer.from("0ff603010281", "hex"), Buffer.alloc(20))).toBeNull();
  });

  // The bytes behind it belong to other values and other events.
  it("reads a value only up to its end, whatever offsets and lengths it has", () => {
    const damaged = fc.constantFrom(recordedValue, withoutJsonType).chain((value) =>
      fc
        .tuple(
          fc.array(fc.tuple(fc.nat(value.length - 1), fc.nat(80)), { maxLength: 3 }),
          fc.nat(value.length),
        )
        .map(([changes, missing]) => {
          const copy = Buffer.from(value);
          for (const [offset, byte] of changes) copy[offset] = byte;
          return copy.subarray(0, copy.length - Math.max(0, missing - 20));
        }),
    );
    const next = fc.uint8Array({ minLength: 100, maxLength: 300 });
    fc.assert(
      fc.property(damaged, next, (value, behind) => {
        expect(textOf(value, behind)).toBe(textOf(value, NOTHING));
      }),
      { numRuns: 6_000 },
    );
  });
});
