import { CorruptEventError } from "../errors.ts";

/** The length of the header that every event begins with. */
export const EVENT_HEADER_LENGTH = 19;

/**
 * The common header of an event, see `Log_event_header` in MySQL's
 * libs/mysql/binlog/event/binlog_event.h.
 */
export interface EventHeader {
  /** When the statement began, seconds since 1970. */
  readonly timestamp: number;
  readonly type: number;
  /** Of the server that wrote the event first. */
  readonly serverId: number;
  /** Of the whole event with header and checksum, bytes. */
  readonly length: number;
  /**
   * Where the next event starts, modulo 2^32; 0 for an event that is in no file, or inside a
   * compressed transaction.
   */
  readonly logPos: number;
  readonly flags: number;
}

/** The header at `offset`. Throws CorruptEventError when the bytes end too early. */
export function parseEventHeader(bytes: Buffer, offset = 0): EventHeader {
  if (bytes.length - offset < EVENT_HEADER_LENGTH) {
    throw new CorruptEventError("an event is shorter than its header");
  }
  return {
    timestamp: bytes.readUInt32LE(offset),
    type: bytes.readUInt8(offset + 4),
    serverId: bytes.readUInt32LE(offset + 5),
    length: bytes.readUInt32LE(offset + 9),
    logPos: bytes.readUInt32LE(offset + 13),
    flags: bytes.readUInt16LE(offset + 17),
  };
}
