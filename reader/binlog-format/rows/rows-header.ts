import { ByteReader } from "../byte-reader.ts";
import { CorruptEventError, UnsupportedEventError } from "../errors.ts";
import { EVENT_HEADER_LENGTH } from "../events/event-header.ts";
import { EventType } from "../events/event-types.ts";

/** The part of a rows event before its first row. */
export interface RowsHeader {
  readonly kind: "insert" | "update" | "delete";
  /** The number of columns of the table. */
  readonly columns: number;
  /**
   * The offsets of the column bitmaps for the first and the second image of each row;
   * `secondBitmap` is -1 when rows have one image.
   */
  readonly firstBitmap: number;
  readonly secondBitmap: number;
  /** The offset of the first row. */
  readonly rows: number;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** The result of the last call of `readRowsHeader`. */
const header: Mutable<RowsHeader> = {
  kind: "insert",
  columns: 0,
  firstBitmap: 0,
  secondBitmap: -1,
  rows: 0,
};

/**
 * Reads the beginning of a WRITE, UPDATE or DELETE_ROWS_EVENT (version 1 or 2) in `bytes` from
 * `start` to `end`, with header, without checksum. The result is valid until the next call. Throws
 * UnsupportedEventError for other events, and CorruptEventError. Format: `Rows_event` in MySQL's
 * libs/mysql/binlog/event/rows_event.h.
 */
export function readRowsHeader(bytes: Buffer, start: number, end: number): RowsHeader {
  const type = bytes[start + 4] ?? 0;
  header.kind = kindOf(type);
  let at = start + EVENT_HEADER_LENGTH + 8; // table id, flags
  if (type >= EventType.WRITE_ROWS_EVENT) {
    if (at + 2 > end) throw new CorruptEventError(CUT_OFF);
    const extraLength = bytes.readUInt16LE(at); // counts itself
    if (extraLength < 2) throw new CorruptEventError("a rows event has an invalid extra length");
    at += extraLength;
  }
  if (at >= end) throw new CorruptEventError(CUT_OFF);
  header.columns = bytes[at++] as number;
  if (header.columns > LONGEST_BYTE) {
    const reader = new ByteReader(bytes, at - 1, end);
    header.columns = reader.lengthEncoded();
    at = reader.offset;
  }
  const bitmapLength = Math.ceil(header.columns / 8);
  header.firstBitmap = at;
  at += bitmapLength;
  header.secondBitmap = -1;
  if (header.kind === "update") {
    header.secondBitmap = at;
    at += bitmapLength;
  }
  if (at > end) throw new CorruptEventError(CUT_OFF);
  header.rows = at;
  return header;
}

const CUT_OFF = "an event ends inside a field";
/** The largest length-encoded integer of one byte. */
const LONGEST_BYTE = 250;

function kindOf(type: number): RowsHeader["kind"] {
  switch (type) {
    case EventType.WRITE_ROWS_EVENT:
    case EventType.WRITE_ROWS_EVENT_V1:
      return "insert";
    case EventType.UPDATE_ROWS_EVENT:
    case EventType.UPDATE_ROWS_EVENT_V1:
      return "update";
    case EventType.DELETE_ROWS_EVENT:
    case EventType.DELETE_ROWS_EVENT_V1:
      return "delete";
    case EventType.PARTIAL_UPDATE_ROWS_EVENT:
      throw new UnsupportedEventError(
        "the server logs only the changed parts of JSON documents; run " +
          "SET PERSIST binlog_row_value_options = '' and start again from a later position in the binlog",
      );
    default:
      throw new UnsupportedEventError(`event type ${type} is not a rows event`);
  }
}
