import {
  CorruptEventError,
  MissingRowMetadataError,
  UnsupportedEventError,
} from "../binlog-format/errors.ts";
import { OperatorError, UnreadableBinlogError } from "../reporting/errors.ts";

/**
 * Wraps a decoder's error in an UnreadableBinlogError with position and remedy; returns any other
 * error unchanged.
 */
export function unreadableBinlog(error: unknown, at: { file: string; offset: number }): unknown {
  if (error instanceof OperatorError || !(error instanceof Error)) return error;
  const remedy = remedyFor(error);
  if (remedy === null) return error;
  return new UnreadableBinlogError(error.message, remedy, at, { cause: error });
}

function remedyFor(error: Error): string | null {
  if (error instanceof MissingRowMetadataError) {
    return "Run SET PERSIST binlog_row_metadata = 'FULL'. What was logged before cannot be delivered; run `npm run offsets -- set` to continue after it.";
  }
  if (error instanceof UnsupportedEventError) {
    return "Set binlog_format = 'ROW' and binlog_row_value_options = '' for every session. What was logged before cannot be delivered; run `npm run offsets -- set` to continue after it.";
  }
  if (error instanceof CorruptEventError || error instanceof RangeError) {
    return "Restart the reader: it reads the event again, which is enough when the network had damaged it. If the reader stops here again, check the file with mysqlbinlog --verify-binlog-checksum, or follow another server. To continue after the damage, without delivering what is there, run `npm run offsets -- set`.";
  }
  return null;
}
