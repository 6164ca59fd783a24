import { binlogFileNumber } from "../../wire/binlog-file.ts";
import { parseEventHeader } from "../binlog-format/events/event-header.ts";
import { EventType } from "../binlog-format/events/event-types.ts";
import { parseFormatDescription } from "../binlog-format/events/format-description.ts";
import { BinlogDump, type BinlogDumpOptions } from "../source/binlog-dump.ts";
import type { Rotations } from "./rotations.ts";

export interface FilesToAsk extends Omit<BinlogDumpOptions, "start" | "onEvent"> {
  readonly rotations: Rotations;
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
  rotations,
  files,
  ...options
}: FilesToAsk): Promise<Map<number, number>> {
  const beginnings = new Map<number, number>();
  for (const [i, file] of files.entries()) {
    const former = files[i - 1];
    if (former === undefined) continue;
    if (await rotations.leadTo(former, file)) continue;
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
  rotations: Rotations,
  files: readonly [string, ...string[]],
): Promise<string> {
  for (let i = files.length - 1; i > 0; i--) {
    const [former = "", file = ""] = files.slice(i - 1);
    if (!(await rotations.leadTo(former, file))) return file;
  }
  return files[0];
}

/**
 * When the server started, seconds since 1970, by a file's first event; 0 for a file that was begun
 * by a rotation.
 */
export async function serverStart(
  options: Omit<FilesToAsk, "files" | "rotations">,
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
