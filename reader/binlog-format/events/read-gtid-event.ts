import { ByteReader } from "../byte-reader.ts";
import { CorruptEventError } from "../errors.ts";
import { EVENT_HEADER_LENGTH } from "./event-header.ts";
import { viewOf } from "../view-of.ts";
import { EventType } from "./event-types.ts";
import { GtidEvent } from "./gtid-event.ts";
import { readTagged } from "./tagged-gtid-event.ts";
import { UUID_LENGTH, uuidAt } from "./uuid-text.ts";
import { wholeNumber } from "./whole-number.ts";

const LOGICAL_TIMESTAMP_TYPECODE = 2;
const COMMIT_TIMESTAMP_LENGTH = 7;
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
