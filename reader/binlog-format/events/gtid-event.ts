import { ByteReader } from "../byte-reader.ts";
import { CorruptEventError, UnsupportedEventError } from "../errors.ts";
import { EVENT_HEADER_LENGTH, uint32At } from "./event-header.ts";
import { EventType } from "./event-types.ts";

/** The content of the GTID event, the first event of a transaction. */
export class GtidEvent {
  /** The part of the GTID before its number, `uuid:` or `uuid:tag:`; null without a GTID. */
  readonly prefix: string | null;
  /** The GTID's number; a bigint only when a number cannot represent it. */
  readonly number: number | bigint;
  /** The GTID's tag (MySQL 8.3 and later); undefined when it has none. */
  readonly tag: string | undefined;
  /**
   * When the server that is read committed the transaction, microseconds since 1970; 0 if a server
   * before 8.0 wrote the event.
   */
  readonly immediateCommitTimestamp: number;
  /** When the transaction's first server committed it, microseconds since 1970; 0 as above. */
  readonly originalCommitTimestamp: number;

  constructor(
    prefix: string | null,
    number: number | bigint,
    tag: string | undefined,
    immediateCommitTimestamp: number,
    originalCommitTimestamp: number,
  ) {
    this.prefix = prefix;
    this.number = number;
    this.tag = tag;
    this.immediateCommitTimestamp = immediateCommitTimestamp;
    this.originalCommitTimestamp = originalCommitTimestamp;
  }

  /** `uuid:number` or `uuid:tag:number`; null for an anonymous transaction. */
  get gtid(): string | null {
    return this.prefix === null ? null : `${this.prefix}${this.number}`;
  }
}

const LOGICAL_TIMESTAMP_TYPECODE = 2;
const COMMIT_TIMESTAMP_LENGTH = 7;
const UUID_LENGTH = 16;
const CUT_OFF = "an event ends inside a field";

/**
 * Parses a GTID_LOG_EVENT, ANONYMOUS_GTID_LOG_EVENT or GTID_TAGGED_LOG_EVENT, given with header,
 * without checksum. Formats: `Gtid_event` in MySQL's libs/mysql/binlog/event/control_events.cpp.
 * Throws CorruptEventError, or UnsupportedEventError when a newer server marks an unknown field as
 * required.
 */
export function parseGtidEvent(event: Buffer): GtidEvent {
  return readGtidEvent(event, 0, event.length);
}

/** Like `parseGtidEvent`, for the event in `bytes` from `start` to `end`. */
export function readGtidEvent(bytes: Buffer, start: number, end: number): GtidEvent {
  const type = bytes[start + 4];
  return type === EventType.GTID_TAGGED_LOG_EVENT
    ? parseTagged(new ByteReader(bytes, start + EVENT_HEADER_LENGTH, end))
    : readUntagged(bytes, start, end, type === EventType.ANONYMOUS_GTID_LOG_EVENT);
}

/** In the body of an untagged event: flags, uuid, number; then, since MySQL 8.0, the times. */
const UUID = EVENT_HEADER_LENGTH + 1;
const NUMBER = UUID + UUID_LENGTH;
const TYPECODE = NUMBER + 8;
const TIMES = TYPECODE + 1 + 16; // last_committed, sequence_number

function readUntagged(bytes: Buffer, start: number, end: number, anonymous: boolean): GtidEvent {
  if (start + TYPECODE > end) throw new CorruptEventError(CUT_OFF);
  const uuid = uuidAt(bytes, start + UUID);
  const prefix = anonymous ? null : uuid;
  const number = wholeNumber(bytes, start + NUMBER);
  const times = start + TIMES;
  const behindFirst = times + COMMIT_TIMESTAMP_LENGTH;
  if (behindFirst > end || bytes[start + TYPECODE] !== LOGICAL_TIMESTAMP_TYPECODE)
    return new GtidEvent(prefix, number, undefined, 0, 0);
  // 55 bits of microseconds, and a bit for whether the original server's timestamp follows.
  const immediateUs = commitTimestamp(bytes, times);
  let originalUs = immediateUs;
  if ((bytes[behindFirst - 1] as number) >= 0x80) {
    if (behindFirst + COMMIT_TIMESTAMP_LENGTH > end) throw new CorruptEventError(CUT_OFF);
    originalUs = commitTimestamp(bytes, behindFirst);
  }
  return new GtidEvent(prefix, number, undefined, immediateUs, originalUs);
}

function commitTimestamp(bytes: Buffer, at: number): number {
  const high =
    (bytes[at + 4] as number) |
    ((bytes[at + 5] as number) << 8) |
    (((bytes[at + 6] as number) & 0x7f) << 16);
  return high * 2 ** 32 + uint32At(bytes, at);
}

/** An integer of 8 bytes, lowest first; as a bigint only when a number cannot represent it. */
function wholeNumber(bytes: Buffer, at: number): number | bigint {
  const high = uint32At(bytes, at + 4);
  return high < 2 ** 21 ? high * 2 ** 32 + uint32At(bytes, at) : bytes.readBigUInt64LE(at);
}

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
function parseTagged(reader: ByteReader): GtidEvent {
  const version = varint(reader);
  if (version !== 1n)
    throw new UnsupportedEventError(`a tagged GTID event has the unknown version ${version}`);
  varint(reader); // size
  const lastDemanded = Number(varint(reader)) - 1;
  if (lastDemanded > TaggedField.last) {
    throw new UnsupportedEventError(
      `a tagged GTID event requires the unknown field ${lastDemanded}`,
    );
  }
  const uuid = Buffer.alloc(UUID_LENGTH);
  let number = 0n;
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
        for (let i = 0; i < UUID_LENGTH; i++) uuid[i] = Number(varint(reader));
        break;
      case TaggedField.number:
        number = signed(varint(reader));
        break;
      case TaggedField.tag:
        tag = reader.utf8(Number(varint(reader)));
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
  if (number <= 0n) throw new CorruptEventError("a GTID event has no transaction number");
  const isSafe = number <= Number.MAX_SAFE_INTEGER;
  return new GtidEvent(
    tag === "" ? uuidAt(uuid, 0) : prefixOf(uuidAt(uuid, 0), tag),
    isSafe ? Number(number) : number,
    tag === "" ? undefined : tag,
    immediate,
    original ?? immediate,
  );
}

/**
 * Reads an integer of MySQL's serialization library. The number of one-bits at the low end of the
 * first byte is the number of following bytes; the value's bits come next, lowest first. After a
 * first byte of 0xff, the value is in the next eight bytes.
 */
function varint(reader: ByteReader): bigint {
  const first = reader.uint8();
  let following = 0;
  while (following < 8 && ((first >> following) & 1) === 1) following++;
  if (following === 8) return reader.uint64();
  let rest = 0n;
  for (let i = 0; i < following; i++) rest |= BigInt(reader.uint8()) << BigInt(8 * i);
  return BigInt(first >> (following + 1)) | (rest << BigInt(7 - following));
}

/** Decodes a signed integer of the library, which has the sign in the lowest bit. */
function signed(value: bigint): bigint {
  return (value & 1n) === 0n ? value >> 1n : -(value >> 1n) - 1n;
}

/** The last uuid is cached, because consecutive transactions nearly always have the same one. */
let latestUuid = Buffer.alloc(UUID_LENGTH);
let latestText = textOf(latestUuid);

/** The uuid at `start` as text, and a colon. */
function uuidAt(bytes: Buffer, start: number): string {
  for (let i = 0; i < UUID_LENGTH; i++) {
    if (bytes[start + i] === latestUuid[i]) continue;
    latestUuid = Buffer.from(bytes.subarray(start, start + UUID_LENGTH));
    latestText = textOf(latestUuid);
    break;
  }
  return latestText;
}

/** The last prefix with a tag. */
let latestTagged = { uuid: "", tag: "", prefix: "" };

function prefixOf(uuid: string, tag: string): string {
  if (latestTagged.tag !== tag || latestTagged.uuid !== uuid)
    latestTagged = { uuid, tag, prefix: `${uuid}${tag}:` };
  return latestTagged.prefix;
}

/** A uuid as text, and a colon. */
function textOf(uuid: Buffer): string {
  const hex = uuid.toString("hex");
  const parts = [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ];
  return `${parts.join("-")}:`;
}
