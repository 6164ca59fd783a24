import { CorruptEventError } from "../errors.ts";
import { viewOf } from "../view-of.ts";

/** The length of every event's header, bytes. */
export const EVENT_HEADER_LENGTH = 19;

/**
 * The common header of an event, see `Log_event_header` in MySQL's
 * libs/mysql/binlog/event/binlog_event.h.
 */
export interface EventHeader {
  /** When the statement began, seconds since 1970. */
  readonly timestamp: number;
  readonly type: number;
  /** The `server_id` of the server that first wrote the event. */
  readonly serverId: number;
  /** The length of the whole event with header and checksum, bytes. */
  readonly length: number;
  /**
   * The offset of the next event, modulo 2^32; 0 for an artificial event and inside a compressed
   * transaction.
   */
  readonly logPos: number;
  readonly flags: number;
}

/** A header to be filled by `parseEventHeader`. */
export function emptyHeader(): Mutable<EventHeader> {
  return { timestamp: 0, type: 0, serverId: 0, length: 0, logPos: 0, flags: 0 };
}

/**
 * Parses the header at `offset`, and returns it in `header`. Throws CorruptEventError when the
 * event ends too early.
 */
export function parseEventHeader(
  bytes: Buffer,
  offset = 0,
  end = bytes.length,
  header = emptyHeader(),
): EventHeader {
  if (end - offset < EVENT_HEADER_LENGTH) {
    throw new CorruptEventError("an event is shorter than its header");
  }
  const view = viewOf(bytes);
  header.timestamp = view.getUint32(offset, true);
  header.type = view.getUint8(offset + 4);
  header.serverId = view.getUint32(offset + 5, true);
  header.length = view.getUint32(offset + 9, true);
  header.logPos = view.getUint32(offset + 13, true);
  header.flags = view.getUint16(offset + 17, true);
  return header;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
