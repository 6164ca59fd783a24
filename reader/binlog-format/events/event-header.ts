import { CorruptEventError } from "../errors.ts";

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
  header.timestamp = uint32At(bytes, offset);
  header.type = bytes[offset + 4] as number;
  header.serverId = uint32At(bytes, offset + 5);
  header.length = uint32At(bytes, offset + 9);
  header.logPos = uint32At(bytes, offset + 13);
  header.flags = (bytes[offset + 17] as number) | ((bytes[offset + 18] as number) << 8);
  return header;
}

/** Four bytes, lowest first, that are known to exist; faster than `readUInt32LE`, which checks. */
export function uint32At(bytes: Buffer, at: number): number {
  const low =
    (bytes[at] as number) | ((bytes[at + 1] as number) << 8) | ((bytes[at + 2] as number) << 16);
  return low + (bytes[at + 3] as number) * 0x100_0000;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
