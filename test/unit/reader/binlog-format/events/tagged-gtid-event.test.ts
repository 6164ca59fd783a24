import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  CorruptEventError,
  UnsupportedEventError,
} from "../../../../../reader/binlog-format/errors.ts";
import { EventType } from "../../../../../reader/binlog-format/events/event-types.ts";
import { GtidEvent } from "../../../../../reader/binlog-format/events/gtid-event.ts";
import { readGtidEvent } from "../../../../../reader/binlog-format/events/read-gtid-event.ts";

interface Fields {
  readonly uuid: Uint8Array;
  readonly number: bigint;
  readonly tag: string;
  readonly times: readonly bigint[];
}

/** Numbers of every length, those at the ends of what a length can represent among them. */
const upTo = (most: bigint): fc.Arbitrary<bigint> =>
  fc
    .tuple(fc.bigInt(0n, most), fc.nat(63), fc.constantFrom(-1n, 0n, 1n, null))
    .map(([any, bit, beside]) =>
      beside === null ? any >> BigInt(bit) : 2n ** BigInt(bit) + beside,
    )
    .map((value) => (value > most ? most : value));

const fields = fc.record({
  // The uuid of the event before is recognised by its bytes.
  uuid: fc.oneof(
    fc.constantFrom(new Uint8Array(16).fill(200), new Uint8Array(16).fill(7)),
    fc.uint8Array({ minLength: 16, maxLength: 16 }),
  ),
  number: upTo(2n ** 63n - 2n).map((value) => (value < 1n ? 1n : value)),
  tag: fc.constantFrom("", "a", "br_here", "br_there", "x".repeat(32)),
  times: fc.array(upTo(2n ** 55n - 1n), { minLength: 1, maxLength: 2 }),
});

test("reads what the server writes into the same object, whatever was read before", () => {
  const target = new GtidEvent();
  fc.assert(
    fc.property(fields, (written) => {
      const { uuid, number, tag, times } = written;
      const event = encoded(written);
      readGtidEvent(event, 0, event.length, target);
      const hex = Buffer.from(uuid).toString("hex");
      const name = hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
      const [immediate = 0n, original = immediate] = times;
      expect(target.gtid).toBe(`${name}:${tag === "" ? "" : `${tag}:`}${number}`);
      expect(typeof target.number).toBe(number < 2n ** 53n ? "number" : "bigint");
      expect(target.tag).toBe(tag === "" ? undefined : tag);
      expect(target.immediateCommitTimestamp).toBe(Number(immediate));
      expect(target.originalCommitTimestamp).toBe(Number(original));
    }),
    { numRuns: 1000 },
  );
});

test("refuses an event that is cut off inside a field, and one whose number is not positive", () => {
  const written = { uuid: new Uint8Array(16).fill(200), number: 300n, tag: "tag", times: [] };
  const event = encoded(written);
  readGtidEvent(event, 0, event.length, new GtidEvent());
  for (let end = 19; end < event.length; end++) {
    const read = (): GtidEvent => readGtidEvent(event, 0, end, new GtidEvent());
    // A message without its last fields is valid, too, once the number is there.
    if (!new Set(ends(written)).has(end)) expect(read, `${end}`).toThrow(CorruptEventError);
  }
  for (const number of [0n, -1n, -(2n ** 62n)]) {
    const wrong = encoded({ ...written, number });
    expect(() => readGtidEvent(wrong, 0, wrong.length, new GtidEvent())).toThrow(CorruptEventError);
  }
});

test.each([
  [0n, true],
  [12n, true],
  [13n, false],
  [2n ** 64n - 1n, false],
])("reads an event that requires the fields below %i: %s", (demanded, isRead) => {
  const written = { uuid: new Uint8Array(16), number: 5n, tag: "", times: [7n] };
  const [, ...rest] = parts(written);
  const event = Buffer.concat([...start(demanded), ...rest]);
  const read = (): GtidEvent => readGtidEvent(event, 0, event.length, new GtidEvent());
  if (isRead) expect(read()).toMatchObject({ number: 5, immediateCommitTimestamp: 7 });
  else expect(read).toThrow(UnsupportedEventError);
});

test("what an event does not contain is not that of the event before", () => {
  const target = new GtidEvent();
  const full = { uuid: new Uint8Array(16).fill(200), number: 5n, tag: "tag", times: [7n, 8n] };
  const event = encoded(full);
  readGtidEvent(event, 0, event.length, target);
  const [beginning = NONE, , number = NONE] = parts(full);
  const short = Buffer.concat([beginning, number]);
  readGtidEvent(short, 0, short.length, target);
  expect(target.gtid).toBe("00000000-0000-0000-0000-000000000000:5");
  expect(target).toMatchObject({ immediateCommitTimestamp: 0, originalCommitTimestamp: 0 });
  expect(target.tag).toBeUndefined();
});

test("refuses fields that come twice or too late, and passes over those behind the times", () => {
  const written = { uuid: new Uint8Array(16), number: 5n, tag: "", times: [7n, 8n] };
  const [beginning = NONE, uuid = NONE, number = NONE, ...rest] = parts(written);
  const read = (...all: Buffer[]): GtidEvent => {
    const event = Buffer.concat([beginning, ...all]);
    return readGtidEvent(event, 0, event.length, new GtidEvent());
  };
  expect(() => read(uuid, number, number)).toThrow(CorruptEventError);
  expect(() => read(number, uuid)).toThrow(CorruptEventError);
  const later = Buffer.concat([varint(8n), varint(2n), varint(1n), varint(1n)]);
  expect(read(uuid, number, ...rest, later)).toMatchObject({ originalCommitTimestamp: 8 });
});

const NONE = Buffer.alloc(0);

/** Header, version, size, the number of required fields, and the flags. */
const start = (demanded: bigint): Buffer[] =>
  [header()].concat([1n, 99n, demanded, 0n, 1n].map(varint));

function parts({ uuid, number, tag, times }: Fields): Buffer[] {
  const zigzag = number < 0n ? -2n * number - 1n : 2n * number;
  return [
    Buffer.concat(start(0n)),
    Buffer.concat([varint(1n), ...Array.from(uuid, (byte) => varint(BigInt(byte)))]),
    Buffer.concat([varint(2n), varint(zigzag)]),
    Buffer.concat([varint(3n), varint(BigInt(tag.length)), Buffer.from(tag)]),
    ...times.map((time, i) => Buffer.concat([varint(BigInt(6 + i)), varint(time)])),
  ];
}

const encoded = (written: Fields): Buffer => Buffer.concat(parts(written));

/** Where the event may end after its number. */
function ends(written: Fields): number[] {
  let end = 0;
  return parts(written)
    .map((part) => (end += part.length))
    .slice(2);
}

function header(): Buffer {
  const bytes = Buffer.alloc(19);
  bytes[4] = EventType.GTID_TAGGED_LOG_EVENT;
  return bytes;
}

/** An integer of MySQL's serialization library, in as few bytes as possible. */
function varint(value: bigint): Buffer {
  let following = 0;
  while (following < 8 && value >= 1n << BigInt(7 + 7 * following)) following++;
  const bytes = Buffer.alloc(9);
  if (following === 8) {
    bytes[0] = 0xff;
    bytes.writeBigUInt64LE(value, 1);
  } else {
    const ones = (1n << BigInt(following)) - 1n;
    bytes.writeBigUInt64LE((value << BigInt(following + 1)) | ones);
  }
  return bytes.subarray(0, following + 1);
}
