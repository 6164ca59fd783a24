import { binlogFileNumber } from "../../wire/binlog-file.ts";
import { parseEventHeader } from "../binlog-format/events/event-header.ts";
import { EventType } from "../binlog-format/events/event-types.ts";
import { parseFormatDescription } from "../binlog-format/events/format-description.ts";
import { BinlogDump, type BinlogDumpOptions } from "../source/binlog-dump.ts";
import type { Rotations } from "./rotations.ts";
import { unreadableBinlog } from "./unreadable-binlog.ts";

export interface FilesToAsk extends Omit<BinlogDumpOptions, "start" | "onEvent"> {
  readonly rotations: Rotations;
  /** Consecutive binlog files of the server. The first one is not checked. */
  readonly files: readonly string[];
}

/** The offset of a file's first event, behind the magic number. */
const FIRST_EVENT = 4;

/**
 * Finds the files with which a run of the server began. Returns the server's start, seconds since
 * 1970, by file number. The first event of a file contains this time. But in a dump by GTIDs that
 * starts in the middle of a file, the server clears it in all later files too (its flag
 * m_gtid_clear_fd_created_flag). A reader that was down during a restart would then attribute the
 * new run's thread ids to the old run.
 *
 * A file belongs to the same run as its predecessor if that ends with a rotation, which the control
 * connection finds out. For each other file a separate dump reads the first event.
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
 * The first of `files` that belongs to the server's present run: each later file was begun by a
 * rotation. `files`: consecutive binlog files of the server, up to the last one.
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
 * When the server started, seconds since 1970, from a file's first event; 0 for a file that was
 * begun by a rotation. Rejects with UnreadableBinlogError when that event is damaged.
 */
export async function serverStart(
  options: Omit<FilesToAsk, "files" | "rotations">,
  file: string,
): Promise<number> {
  const created = Promise.withResolvers<number>();
  const at = { file, offset: FIRST_EVENT };
  try {
    await using dump = await BinlogDump.start({
      ...options,
      start: { kind: "file", ...at },
      onEvent: (bytes, start, end) => {
        const event = bytes.subarray(start, end);
        if (parseEventHeader(event).type !== EventType.FORMAT_DESCRIPTION_EVENT) return;
        created.resolve(parseFormatDescription(event).created);
      },
    });
    return await Promise.race([created.promise, dump.ended]);
  } catch (error) {
    throw unreadableBinlog(error, at);
  }
}
