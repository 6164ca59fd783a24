import { randomUUID } from "node:crypto";
import { binlogFileNumber } from "../../wire/binlog-file.ts";
import { parseEventHeader } from "../binlog-format/events/event-header.ts";
import { EventType } from "../binlog-format/events/event-types.ts";
import { parseFormatDescription } from "../binlog-format/events/format-description.ts";
import { UnreadableBinlogError } from "../reporting/errors.ts";
import { BinlogDump, type BinlogDumpOptions } from "../source/binlog-dump.ts";
import { unreadableBinlog } from "./unreadable-binlog.ts";

export type ServerOfFiles = Omit<BinlogDumpOptions, "start" | "onEvent" | "replicaUuid">;

/** The offset of a file's first event, behind the magic number. */
const FIRST_EVENT = 4;
/** How many files are asked at once; each takes two connections. */
const FILES_AT_ONCE = 4;
/** The start of a server in a file whose first event is damaged, so nothing is known of it. */
const UNKNOWN_S = 0;

/**
 * The binlog files with which a run of the server began. The first event of a file says so, and a
 * separate dump asks for it, because two other signs are wrong at times:
 *
 * - In a dump by GTIDs that starts in the middle of a file, the server clears the mark in all later
 *   files too (its flag m_gtid_clear_fd_created_flag).
 * - A file whose predecessor ends with a rotation may still be the first of a run: a server that
 *   cannot open the next file ends itself behind the rotation (`binlog_error_action`).
 *
 * Thread ids of one run would then be taken for those of another.
 */
export class RunBeginnings {
  readonly #server: ServerOfFiles;
  readonly #answers = new Map<string, Promise<number | null>>();

  constructor(server: ServerOfFiles) {
    this.#server = server;
  }

  /**
   * When the server started, seconds since 1970, by the numbers of those of `files` with which a
   * run began. A file with a damaged first event counts as one.
   */
  async among(files: readonly string[]): Promise<Map<number, number>> {
    const beginnings = new Map<number, number>();
    for (let at = 0; at < files.length; at += FILES_AT_ONCE) {
      const some = files.slice(at, at + FILES_AT_ONCE);
      const starts = await Promise.all(some.map((file) => this.#ask(file)));
      for (const [i, startedS] of starts.entries())
        if (startedS !== null) beginnings.set(binlogFileNumber(some[i] ?? ""), startedS);
    }
    return beginnings;
  }

  /**
   * The latest of `files` with which a run began, and when; null when there is none. Asks them from
   * the last one on.
   */
  async latest(
    files: readonly string[],
  ): Promise<{ readonly fileNumber: number; readonly startedS: number } | null> {
    for (let to = files.length; to > 0; to -= FILES_AT_ONCE) {
      const some = await this.among(files.slice(Math.max(0, to - FILES_AT_ONCE), to));
      const last = [...some].at(-1);
      if (last !== undefined) return { fileNumber: last[0], startedS: last[1] };
    }
    return null;
  }

  #ask(file: string): Promise<number | null> {
    let answer = this.#answers.get(file);
    if (answer === undefined) {
      answer = serverStart(this.#server, file).then(
        (startedS) => (startedS === 0 ? null : startedS),
        (error: unknown) => {
          if (error instanceof UnreadableBinlogError) return UNKNOWN_S;
          throw error;
        },
      );
      this.#answers.set(file, answer);
    }
    return answer;
  }
}

/**
 * When the server started, seconds since 1970, from a file's first event; 0 for a file that was
 * begun by a rotation. Rejects with UnreadableBinlogError when that event is damaged.
 */
export async function serverStart(server: ServerOfFiles, file: string): Promise<number> {
  const created = Promise.withResolvers<number>();
  const at = { file, offset: FIRST_EVENT };
  try {
    await using dump = await BinlogDump.start({
      ...server,
      replicaUuid: randomUUID(),
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
