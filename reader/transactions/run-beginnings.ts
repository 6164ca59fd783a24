import type { Connection, RowDataPacket } from "mysql2/promise";
import { binlogFileNumber } from "../../wire/binlog-file.ts";
import { EVENT_HEADER_LENGTH, parseEventHeader } from "../binlog-format/events/event-header.ts";
import { EventType } from "../binlog-format/events/event-types.ts";
import { parseFormatDescription } from "../binlog-format/events/format-description.ts";
import { BinlogDump, type BinlogDumpOptions } from "../source/binlog-dump.ts";

export interface FilesToAsk extends Omit<BinlogDumpOptions, "start" | "onEvent"> {
  /** Answers questions about the files. */
  readonly control: Connection;
  /**
   * Names of binlog files that the server has, one after the other. Whether a run began in the
   * first is not asked.
   */
  readonly files: readonly string[];
}

/** Where a file's first event stands, behind the magic number. */
const FIRST_EVENT = 4;

/**
 * When the server started, seconds since 1970, by the numbers of those files in which a run of it
 * began. A file says so in its first event; but in a dump that goes on in the middle of a file
 * after a set of GTIDs, the server takes this mark from all later files too (its flag
 * m_gtid_clear_fd_created_flag), and a reader that was away during a restart would take the new
 * run's thread ids for the old one's.
 *
 * A file whose predecessor ends with a rotation to it belongs to the same run, which the control
 * connection can tell. Each other file is asked for its first event in a dump of its own.
 */
export async function runBeginnings({
  control,
  files,
  ...options
}: FilesToAsk): Promise<Map<number, number>> {
  const beginnings = new Map<number, number>();
  if (files.length < 2) return beginnings;
  const sizes = await fileSizes(control);
  for (const [i, file] of files.entries()) {
    const former = files[i - 1];
    if (former === undefined) continue;
    if (await rotatesTo(control, former, sizes.get(former) ?? 0, file)) continue;
    const startedS = await serverStart(options, file);
    if (startedS !== 0) beginnings.set(binlogFileNumber(file), startedS);
  }
  return beginnings;
}

/**
 * The first of some files with which the server's present run goes on up to the last one: each file
 * behind it was begun by a rotation. `files`: names of binlog files that the server has, one after
 * the other, up to the end.
 */
export async function fileOfPresentRun(
  control: Connection,
  files: readonly [string, ...string[]],
): Promise<string> {
  if (files.length === 1) return files[0];
  const sizes = await fileSizes(control);
  for (let i = files.length - 1; i > 0; i--) {
    const [former = "", file = ""] = files.slice(i - 1);
    if (!(await rotatesTo(control, former, sizes.get(former) ?? 0, file))) return file;
  }
  return files[0];
}

async function fileSizes(control: Connection): Promise<Map<string, number>> {
  const [rows] = await control.query<RowDataPacket[]>("SHOW BINARY LOGS");
  return new Map(rows.map((row) => [String(row["Log_name"]), Number(row["File_size"])]));
}

const POSITION_LENGTH = 8;
const CHECKSUM_LENGTHS = [4, 0];

/**
 * Whether a file's last event is a rotation to the next one; false also where the server cannot say
 * it.
 */
async function rotatesTo(
  control: Connection,
  file: string,
  size: number,
  next: string,
): Promise<boolean> {
  for (const checksum of CHECKSUM_LENGTHS) {
    const at = size - EVENT_HEADER_LENGTH - POSITION_LENGTH - Buffer.byteLength(next) - checksum;
    if (at < FIRST_EVENT) return false;
    const rows = await eventsFrom(control, file, at);
    if (rows.length !== 1) continue;
    return rows[0]?.["Event_type"] === "Rotate" && rows[0]?.["Info"] === `${next};pos=4`;
  }
  return false;
}

/** Up to two events; none where no event begins at this place. */
async function eventsFrom(
  control: Connection,
  file: string,
  offset: number,
): Promise<RowDataPacket[]> {
  try {
    const [rows] = await control.query<RowDataPacket[]>("SHOW BINLOG EVENTS IN ? FROM ? LIMIT 2", [
      file,
      offset,
    ]);
    return rows;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === WRONG_PLACE) return [];
    throw error;
  }
}

const WRONG_PLACE = "ER_ERROR_WHEN_EXECUTING_COMMAND";

/**
 * When the server started, seconds since 1970, by a file's first event; 0 for a file that was begun
 * by a rotation.
 */
export async function serverStart(
  options: Omit<FilesToAsk, "files" | "control">,
  file: string,
): Promise<number> {
  const created = Promise.withResolvers<number>();
  await using dump = await BinlogDump.start({
    ...options,
    start: { kind: "file", file, offset: FIRST_EVENT },
    onEvent: (event) => {
      if (parseEventHeader(event).type !== EventType.FORMAT_DESCRIPTION_EVENT) return;
      created.resolve(parseFormatDescription(event).created);
    },
  });
  return await Promise.race([created.promise, dump.ended]);
}
