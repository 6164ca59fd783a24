import fc from "fast-check";

/** A value of MySQL's binary JSON: its type and its bytes (sql-common/json_binary.h). */
interface BinaryValue {
  readonly type: number;
  readonly bytes: Buffer;
}

const DOUBLES = [
  0, -0, 1, 1.5, -2.25, 0.1, 1e15, 1e20, 1e21, 1e-6, 1e-7, 123456.789, 5e-324, 1e300,
];
const TEXTS = ["", "a", "plain text of more than sixteen bytes", 'quote " and \\', "\n\u0001é€😀"];
const OPAQUE = 0x0f;
const NEWDECIMAL = 246;

const scalar: fc.Arbitrary<BinaryValue> = fc.oneof(
  fc.nat(2).map((literal) => ({ type: 0x04, bytes: Buffer.of(literal) })),
  fc
    .tuple(
      fc.constantFrom(
        ...([
          [0x05, 2],
          [0x06, 2],
          [0x07, 4],
          [0x08, 4],
          [0x09, 8],
          [0x0a, 8],
        ] as const),
      ),
      bits64(),
    )
    .map(([[type, length], bits]) => ({ type, bytes: bits.subarray(0, length) })),
  fc.oneof(fc.constantFrom(...DOUBLES), fc.double()).map((value) => {
    const bytes = Buffer.alloc(8);
    bytes.writeDoubleLE(value);
    return { type: 0x0b, bytes };
  }),
  fc.oneof(fc.constantFrom(...TEXTS), fc.string({ maxLength: 200 })).map((text) => {
    const utf8 = Buffer.from(text);
    return { type: 0x0c, bytes: Buffer.concat([lengthOf(utf8.length), utf8]) };
  }),
  // DECIMAL(4,2) 12.34: a value without a JSON type.
  fc.constant({ type: OPAQUE, bytes: Buffer.from([NEWDECIMAL, 4, 4, 2, 0x8c, 0x22]) }),
);

/** A document of a JSON column: objects and arrays, small or large, of scalars of every type. */
export const binaryJson: fc.Arbitrary<Buffer> = fc
  .letrec<{ value: BinaryValue }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      scalar,
      fc
        .tuple(fc.boolean(), fc.array(tie("value"), { maxLength: 5 }))
        .map(([large, values]) => container(null, values, large)),
      fc
        .tuple(
          fc.boolean(),
          fc.array(fc.tuple(fc.constantFrom(...TEXTS), tie("value")), { maxLength: 5 }),
        )
        .map(([large, members]) =>
          container(
            members.map(([key]) => Buffer.from(key)),
            members.map(([, value]) => value),
            large,
          ),
        ),
    ),
  }))
  .value.map(({ type, bytes }) => Buffer.concat([Buffer.of(type), bytes]));

/** An object with these keys, or an array (`keys` is null). */
function container(
  keys: readonly Buffer[] | null,
  values: readonly BinaryValue[],
  large: boolean,
): BinaryValue {
  const wide = large ? 4 : 2;
  const head = 2 * wide + (keys?.length ?? 0) * (wide + 2) + values.length * (1 + wide);
  const entries: Buffer[] = [];
  const tail: Buffer[] = [];
  let end = head;
  const put = (bytes: Buffer): number => {
    tail.push(bytes);
    end += bytes.length;
    return end - bytes.length;
  };
  for (const key of keys ?? []) {
    const length = Buffer.alloc(2);
    length.writeUInt16LE(key.length);
    entries.push(number(put(key), wide), length);
  }
  for (const { type, bytes } of values) {
    const isInlined = [0x04, 0x05, 0x06].includes(type) || (large && [0x07, 0x08].includes(type));
    const entry = isInlined
      ? Buffer.concat([bytes, Buffer.alloc(wide)]).subarray(0, wide)
      : number(put(bytes), wide);
    entries.push(Buffer.of(type), entry);
  }
  const type = (keys === null ? 2 : 0) + (large ? 1 : 0);
  return {
    type,
    bytes: Buffer.concat([number(values.length, wide), number(end, wide), ...entries, ...tail]),
  };
}

function number(value: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  bytes.writeUIntLE(value, 0, length);
  return bytes;
}

/** A length of seven bits per byte. */
function lengthOf(length: number): Buffer {
  return length < 0x80 ? Buffer.of(length) : Buffer.of((length & 0x7f) | 0x80, length >> 7);
}

/** Eight bytes, often near a power of two or of ten, so that the limits of each type come. */
export function bits64(): fc.Arbitrary<Buffer> {
  return fc
    .oneof(
      fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      fc
        .tuple(fc.nat(64), fc.integer({ min: -2, max: 2 }))
        .map(([bit, more]) => (1n << BigInt(bit)) + BigInt(more)),
      fc
        .tuple(fc.nat(19), fc.integer({ min: -1, max: 1 }))
        .map(([digits, more]) => 10n ** BigInt(digits) + BigInt(more)),
    )
    .map((value) => {
      const bytes = Buffer.alloc(8);
      bytes.writeBigUInt64LE(BigInt.asUintN(64, value));
      return bytes;
    });
}
