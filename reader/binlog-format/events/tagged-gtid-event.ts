import type { ByteReader } from "../byte-reader.ts";
import { CorruptEventError, UnsupportedEventError } from "../errors.ts";
import type { GtidEvent } from "./gtid-event.ts";
import { UUID_LENGTH, uuidAt } from "./uuid-text.ts";
import { wholeNumber } from "./whole-number.ts";

/**
 * The fields of a tagged GTID event, in this order. Each present field is preceded by its number.
 */
const TaggedField = {
  flags: 0,
  uuid: 1,
  number: 2,
  tag: 3,
  lastCommitted: 4,
  sequenceNumber: 5,
  immediateCommitTimestamp: 6,
  originalCommitTimestamp: 7,
  last: 11,
} as const;

/**
 * Parses a message of MySQL's serialization library (libs/mysql/serialization): version, size, the
 * last required field, then numbered fields.
 */
export function readTagged(reader: ByteReader, target: GtidEvent): GtidEvent {
  const version = varint(reader);
  if (version !== 1)
    throw new UnsupportedEventError(`a tagged GTID event has the unknown version ${version}`);
  varint(reader); // size
  const lastDemanded = Number(varint(reader)) - 1;
  if (lastDemanded > TaggedField.last) {
    throw new UnsupportedEventError(
      `a tagged GTID event requires the unknown field ${lastDemanded}`,
    );
  }
  let uuid = NO_UUID;
  let number: number | bigint = 0;
  let tag = "";
  let immediate = 0;
  let original: number | undefined;
  let last = -1;
  while (reader.remaining > 0 && last < TaggedField.originalCommitTimestamp) {
    const field = Number(varint(reader));
    if (field <= last) throw new CorruptEventError("the fields of a GTID event are out of order");
    last = field;
    switch (field) {
      case TaggedField.flags:
        varint(reader);
        break;
      case TaggedField.uuid:
        uuid = readUuid(reader);
        break;
      case TaggedField.number:
        number = signed(varint(reader));
        break;
      case TaggedField.tag:
        tag = readTag(reader);
        break;
      case TaggedField.lastCommitted:
      case TaggedField.sequenceNumber:
        varint(reader);
        break;
      case TaggedField.immediateCommitTimestamp:
        immediate = Number(varint(reader));
        break;
      case TaggedField.originalCommitTimestamp:
        original = Number(varint(reader));
        break;
      default: // the reader does not need later fields
    }
  }
  if (number <= 0) throw new CorruptEventError("a GTID event has no transaction number");
  return target.set(
    tag === "" ? uuid : prefixOf(uuid, tag),
    number,
    tag === "" ? undefined : tag,
    immediate,
    original ?? immediate,
  );
}

/**
 * Reads an integer of MySQL's serialization library; as a bigint only when a number cannot
 * represent it. The number of one-bits at the low end of the first byte is the number of following
 * bytes; the value's bits come next, lowest first. After a first byte of 0xff, the value is in the
 * next eight bytes.
 */
function varint(reader: ByteReader): number | bigint {
  const first = reader.uint8();
  if ((first & 1) === 0) return first >> 1;
  let following = 1;
  while (following < 8 && ((first >> following) & 1) === 1) following++;
  const at = reader.skip(following);
  if (following === 8) return wholeNumber(reader.bytes, at);
  let high = 0;
  for (let i = at + following - 1; i >= at; i--) high = high * 256 + (reader.bytes[i] as number);
  // With seven following bytes, the first one has no bits of the value.
  if (high > Number.MAX_SAFE_INTEGER) return sevenBytes(reader.bytes, at);
  return high * 2 ** (7 - following) + (first >> (following + 1));
}

function sevenBytes(bytes: Buffer, at: number): bigint {
  return BigInt(bytes.readUIntLE(at, 6)) | (BigInt(bytes.readUInt8(at + 6)) << 48n);
}

/** Decodes a signed integer of the library, which has the sign in the lowest bit. */
function signed(value: number | bigint): number | bigint {
  if (typeof value === "number") return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  const decoded = (value & 1n) === 0n ? value >> 1n : -(value >> 1n) - 1n;
  return decoded <= Number.MAX_SAFE_INTEGER && decoded > 0n ? Number(decoded) : decoded;
}

const NO_UUID = uuidAt(Buffer.alloc(UUID_LENGTH), 0);

/**
 * The uuid of the last event as its bytes spell it, one integer of one or two bytes for each byte,
 * and as text: consecutive transactions nearly always have the same one.
 */
let latestUuid = { spelled: Buffer.alloc(0), text: "" };

/** Returns the uuid as text, and a colon. */
function readUuid(reader: ByteReader): string {
  const { spelled } = latestUuid;
  const start = reader.offset;
  if (spelled.length > 0 && isAt(spelled, reader.bytes, start)) {
    reader.skip(spelled.length);
    return latestUuid.text;
  }
  const uuid = Buffer.alloc(UUID_LENGTH);
  for (let i = 0; i < UUID_LENGTH; i++) uuid[i] = Number(varint(reader));
  const own = Buffer.from(reader.bytes.subarray(start, reader.offset));
  latestUuid = { spelled: own, text: uuidAt(uuid, 0) };
  return latestUuid.text;
}

/** The tag of the last event, because consecutive transactions often have the same one. */
let latestTag = { bytes: Buffer.alloc(0), text: "" };

function readTag(reader: ByteReader): string {
  const length = Number(varint(reader));
  const start = reader.skip(length);
  const { bytes } = reader;
  const latest = latestTag.bytes;
  if (latest.length !== length || !isAt(latest, bytes, start)) {
    const own = Buffer.from(bytes.subarray(start, start + length));
    latestTag = { bytes: own, text: own.toString("utf8") };
  }
  return latestTag.text;
}

function isAt(expected: Buffer, bytes: Buffer, start: number): boolean {
  for (let i = 0; i < expected.length; i++) if (bytes[start + i] !== expected[i]) return false;
  return true;
}

/** The last prefix with a tag. */
let latestTagged = { uuid: "", tag: "", prefix: "" };

function prefixOf(ofUuid: string, tag: string): string {
  if (latestTagged.tag !== tag || latestTagged.uuid !== ofUuid)
    latestTagged = { uuid: ofUuid, tag, prefix: `${ofUuid}${tag}:` };
  return latestTagged.prefix;
}
