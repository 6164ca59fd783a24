import { ByteReader } from "../byte-reader.ts";
import { CHECKSUM_LENGTH, endsWithChecksum, verifyChecksum } from "./checksum.ts";
import { CorruptEventError, UnsupportedEventError } from "../errors.ts";
import { EVENT_HEADER_LENGTH } from "./event-header.ts";

/** The content of the first event of a binlog file (`Format_description_event`). */
export interface FormatDescription {
  readonly serverVersion: string;
  /**
   * When the server started, seconds since 1970, if it began this file then, so that thread ids
   * started again; 0 for a file begun by a rotation.
   */
  readonly created: number;
  /** Whether the other events of the file end with a CRC-32, too. */
  readonly checksums: boolean;
}

const SERVER_VERSION_LENGTH = 50;
const CHECKSUM_OFF = 0;
const CHECKSUM_CRC32 = 1;

/**
 * Parses a FORMAT_DESCRIPTION_EVENT, given with header and the four bytes of the checksum, which
 * are present even if checksums are off (since MySQL 5.6). Throws CorruptEventError, also for a
 * wrong checksum, or UnsupportedEventError for an unknown format.
 */
export function parseFormatDescription(event: Buffer): FormatDescription {
  const algorithm = verifiedAlgorithm(event);
  const reader = new ByteReader(event, EVENT_HEADER_LENGTH);
  const binlogVersion = reader.uint16();
  if (binlogVersion !== 4) {
    throw new UnsupportedEventError(
      `the binlog has version ${binlogVersion}; this reader reads version 4`,
    );
  }
  const serverVersion = reader.slice(SERVER_VERSION_LENGTH);
  const created = reader.uint(4);
  const headerLength = reader.uint8();
  if (headerLength !== EVENT_HEADER_LENGTH) {
    throw new UnsupportedEventError(
      `the binlog's event headers have the unknown length ${headerLength}`,
    );
  }
  if (reader.remaining <= CHECKSUM_LENGTH) {
    throw new CorruptEventError("a format description names no checksum algorithm");
  }
  if (algorithm !== CHECKSUM_OFF && algorithm !== CHECKSUM_CRC32) {
    throw new UnsupportedEventError(
      `the binlog has the unknown checksum algorithm ${algorithm}; run SET GLOBAL binlog_checksum = 'CRC32'`,
    );
  }
  const terminator = serverVersion.indexOf(0);
  return {
    serverVersion: serverVersion.toString(
      "latin1",
      0,
      terminator === -1 ? SERVER_VERSION_LENGTH : terminator,
    ),
    created,
    checksums: algorithm === CHECKSUM_CRC32,
  };
}

/**
 * The checksum algorithm of the other events. When it is OFF, the checksum of this event can be out
 * of date: the server changes the event for a dump, and computes no checksum then. But it cannot be
 * right for CRC32 unless that was the algorithm, and a bit of it has flipped: then events would not
 * be verified any more.
 */
function verifiedAlgorithm(event: Buffer): number {
  const at = event.length - CHECKSUM_LENGTH - 1;
  const algorithm = event[at];
  if (algorithm !== CHECKSUM_OFF) {
    verifyChecksum(event);
    return algorithm ?? CHECKSUM_OFF;
  }
  const original = Buffer.from(event);
  original[at] = CHECKSUM_CRC32;
  if (endsWithChecksum(original))
    throw new CorruptEventError("the checksum algorithm of a format description does not match");
  return algorithm;
}
