import {
  CorruptEventError,
  MissingRowMetadataError,
  UnsupportedEventError,
  UnsupportedTableError,
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
  if (error instanceof UnsupportedTableError) {
    const pattern = JSON.stringify(`!${error.database}.${error.table}`);
    return `Run a release of binlog-router that can read the column. Or leave the table out, with ${pattern} in source.tables: the reader then continues without the table's changes.`;
  }
  if (error instanceof UnsupportedEventError) {
    return "If the error names a setting, set it, for every session. Otherwise run a release of binlog-router that can read the event. To continue without delivering what was logged before, run `npm run offsets -- set`.";
  }
  if (error instanceof CorruptEventError || error instanceof RangeError) {
    return "Restart the reader: it reads the event again, which is enough when the network had damaged it. If the reader stops here again, check the file with mysqlbinlog --verify-binlog-checksum, or follow another server. To continue after the damage, without delivering what is there, run `npm run offsets -- set`.";
  }
  return null;
}
