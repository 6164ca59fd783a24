import fc from "fast-check";
import { type Column, ColumnType } from "../../../../../reader/binlog-format/column.ts";
import { storedLength } from "../../../../../reader/binlog-format/rows/image-lengths.ts";
import { binaryJson, bits64 } from "./binary-json.ts";

const ASCII = String.fromCharCode(...Array.from({ length: 0x80 }, (_, byte) => byte));

const text = fc.oneof(
  { weight: 3, arbitrary: fc.string({ maxLength: 60, unit: "binary" }) },
  fc.constantFrom(
    ASCII,
    "",
    "plain",
    "exactly sixteen.",
    'a "quote" behind a long plain beginning\n',
  ),
);

const bytes = fc.oneof(
  text.map((some) => Buffer.from(some)),
  fc.uint8Array({ maxLength: 100 }).map((some) => Buffer.from(some)),
);

const number = fc.oneof(
  fc.double(),
  fc
    .tuple(fc.oneof(fc.integer(), fc.maxSafeInteger()), fc.nat(12))
    .map(([digits, decimals]) => digits / 10 ** decimals),
  fc.constantFrom(0, -0, 0.1, 1e15, 1e16, 1e21, 1e-6, 1e-7, 16777216, 999999, 1e6, NaN, Infinity),
);

/** The stored bytes of a value. */
function value(of: Column): fc.Arbitrary<Buffer> {
  const length = storedLength(of);
  if (of.type === ColumnType.FLOAT || of.type === ColumnType.DOUBLE)
    return number.map((some) => {
      const stored = Buffer.alloc(length);
      if (length === 4) stored.writeFloatLE(some);
      else stored.writeDoubleLE(some);
      return stored;
    });
  if (length >= 0)
    return fc
      .tuple(bits64(), fc.uint8Array({ minLength: 40, maxLength: 40, size: "max" }), fc.boolean())
      .map(([bits, others, some]) =>
        Buffer.concat(some ? [bits, others] : [others]).subarray(0, length),
      );
  const contents =
    of.type === ColumnType.JSON
      ? fc.oneof({ weight: 9, arbitrary: binaryJson }, fc.constant(Buffer.alloc(0)), bytes)
      : of.type === ColumnType.VECTOR
        ? fc
            .array(number, { maxLength: 8 })
            .map((numbers) => Buffer.from(new Float32Array(numbers).buffer))
        : bytes;
  const most = of.maxLength > 0 ? of.maxLength : 256 ** Math.min(-length, 2) - 1;
  return contents.map((all) => {
    const some = all.subarray(0, most);
    const prefix = Buffer.alloc(-length);
    prefix.writeUIntLE(some.length, 0, -length);
    return Buffer.concat([prefix, some]);
  });
}

/** A row image of these columns. */
export function rowImage(columns: readonly Column[]): fc.Arbitrary<Buffer> {
  return fc.tuple(...columns.map((of) => fc.option(value(of), { freq: 6 }))).map((values) => {
    const nulls = Buffer.alloc((columns.length + 7) >> 3);
    values.forEach((some, i) => {
      if (some === null) nulls[i >> 3] = (nulls[i >> 3] ?? 0) | (1 << (i & 7));
    });
    return Buffer.concat([nulls, ...values.filter((some) => some !== null)]);
  });
}
