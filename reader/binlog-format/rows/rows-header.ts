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

/**
 * Reads the beginning of a WRITE, UPDATE or DELETE_ROWS_EVENT (version 1 or 2), given with header,
 * without checksum. Throws UnsupportedEventError for other events, and CorruptEventError. Format:
 * `Rows_event` in MySQL's libs/mysql/binlog/event/rows_event.h.
 */
export function readRowsHeader(event: Buffer): RowsHeader {
  const type = event[4] ?? 0;
  const kind = kindOf(type);
  const reader = new ByteReader(event, EVENT_HEADER_LENGTH);
  reader.skip(8); // table id, flags
  if (type >= EventType.WRITE_ROWS_EVENT) {
    const extraLength = reader.uint16(); // counts itself
    if (extraLength < 2) throw new CorruptEventError("a rows event has an invalid extra length");
    reader.skip(extraLength - 2);
  }
  const columns = reader.lengthEncoded();
  const bitmapLength = Math.ceil(columns / 8);
  const firstBitmap = reader.skip(bitmapLength);
  const secondBitmap = kind === "update" ? reader.skip(bitmapLength) : -1;
  return { kind, columns, firstBitmap, secondBitmap, rows: reader.offset };
}

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
