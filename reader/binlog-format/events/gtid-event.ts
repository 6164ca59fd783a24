import { ByteReader } from "../byte-reader.ts";
import { CorruptEventError, UnsupportedEventError } from "../errors.ts";
import { EVENT_HEADER_LENGTH } from "./event-header.ts";
import { viewOf } from "../view-of.ts";
import { EventType } from "./event-types.ts";

/** The content of a GTID event, the first event of a transaction. */
export class GtidEvent {
  /** The part of the GTID before its number, `uuid:` or `uuid:tag:`; null without a GTID. */
  prefix: string | null = null;
  /** The GTID's number; a bigint only when a number cannot represent it. */
  number: number | bigint = 0;
  /** The GTID's tag (MySQL 8.3 and later); undefined when it has none. */
  tag: string | undefined = undefined;
  /**
   * When the server that is read committed the transaction, microseconds since 1970; 0 if a server
   * before 8.0 wrote the event.
   */
  immediateCommitTimestamp = 0;
  /** When the transaction's first server committed it, microseconds since 1970; 0 as above. */
  originalCommitTimestamp = 0;
  #text: string | null = null;

  /** `uuid:number` or `uuid:tag:number`; null for an anonymous transaction. */
  get gtid(): string | null {
    if (this.prefix !== null) this.#text ??= `${this.prefix}${this.number}`;
    return this.#text;
  }

  set(
    prefix: string | null,
    number: number | bigint,
    tag: string | undefined,
    immediateCommitTimestamp: number,
    originalCommitTimestamp: number,
  ): this {
    this.prefix = prefix;
    this.number = number;
    this.tag = tag;
    this.immediateCommitTimestamp = immediateCommitTimestamp;
    this.originalCommitTimestamp = originalCommitTimestamp;
    this.#text = null;
    return this;
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
  return readGtidEvent(event, 0, event.length, new GtidEvent());
}

/**
 * Like `parseGtidEvent`, for the event in `bytes` from `start` to `end`; returns the content in
 * `target`.
 */
export function readGtidEvent(
  bytes: Buffer,
  start: number,
  end: number,
  target: GtidEvent,
): GtidEvent {
  return bytes[start + 4] === EventType.GTID_TAGGED_LOG_EVENT
    ? readTagged(new ByteReader(bytes, start + EVENT_HEADER_LENGTH, end), target)
    : readUntagged(bytes, start, end, target);
}

/** In the body of an untagged event: flags, uuid, number; then, since MySQL 8.0, the times. */
const UUID = EVENT_HEADER_LENGTH + 1;
const NUMBER = UUID + UUID_LENGTH;
const TYPECODE = NUMBER + 8;
const TIMES = TYPECODE + 1 + 16; // last_committed, sequence_number

function readUntagged(bytes: Buffer, start: number, end: number, target: GtidEvent): GtidEvent {
  if (start + TYPECODE > end) throw new CorruptEventError(CUT_OFF);
  const uuid = uuidAt(bytes, start + UUID);
  const prefix = bytes[start + 4] === EventType.ANONYMOUS_GTID_LOG_EVENT ? null : uuid;
  const number = wholeNumber(bytes, start + NUMBER);
  const times = start + TIMES;
  const behindFirst = times + COMMIT_TIMESTAMP_LENGTH;
  if (behindFirst > end || bytes[start + TYPECODE] !== LOGICAL_TIMESTAMP_TYPECODE)
    return target.set(prefix, number, undefined, 0, 0);
  // 55 bits of microseconds, and a bit for whether the original server's timestamp follows.
  const immediateUs = commitTimestamp(bytes, times);
  let originalUs = immediateUs;
  if ((bytes[behindFirst - 1] as number) >= 0x80) {
    if (behindFirst + COMMIT_TIMESTAMP_LENGTH > end) throw new CorruptEventError(CUT_OFF);
    originalUs = commitTimestamp(bytes, behindFirst);
  }
  return target.set(prefix, number, undefined, immediateUs, originalUs);
}

function commitTimestamp(bytes: Buffer, at: number): number {
  const view = viewOf(bytes);
  const high = view.getUint16(at + 4, true) | ((view.getUint8(at + 6) & 0x7f) << 16);
  return high * 2 ** 32 + view.getUint32(at, true);
}

/** An integer of 8 bytes, lowest first; as a bigint only when a number cannot represent it. */
function wholeNumber(bytes: Buffer, at: number): number | bigint {
  const view = viewOf(bytes);
  const high = view.getUint32(at + 4, true);
  return high < 2 ** 21 ? high * 2 ** 32 + view.getUint32(at, true) : view.getBigUint64(at, true);
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
function readTagged(reader: ByteReader, target: GtidEvent): GtidEvent {
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
  return target.set(
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
