import { randomUUID } from "node:crypto";
import { binlogFileNumber } from "../../wire/binlog-file.ts";
import { UnreadableBinlogError } from "../reporting/errors.ts";
import { FIRST_EVENT } from "./evidence.ts";
import type { DumpStart } from "../source/binlog-dump.ts";
import type { ServerState } from "../source/server-state.ts";
import { type AskedServer, look } from "./short-dump.ts";

export type ServerOfFiles = Omit<AskedServer, "replicaUuid">;

/** How many dumps run at once; each takes two connections. */
const DUMPS_AT_ONCE = 4;
/**
 * A dump goes on through a file of up to this size, bytes: it is cheaper than two connections.
 * Without GTIDs the server sends the file.
 */
const SENT_FILE = 131_072;
/** The same with GTIDs: the server reads the file and sends none of its transactions. */
const SKIPPED_FILE = 2_097_152;
/** The start of a server in a file whose first event is damaged, so nothing is known of it. */
const UNKNOWN_S = 0;

/**
 * The binlog files with which a run of the server began. The first event of a file says so. Before
 * it is read, separate dumps ask for it, because two other signs are wrong at times:
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
  readonly #sizes: ReadonlyMap<string, number>;
  /** The GTIDs that the server has executed; null without GTIDs, or where they do not help. */
  #executed: string | null;
  /** By file; null for one that was begun by a rotation. */
  readonly #answers = new Map<string, number | null>();

  constructor(
    server: ServerOfFiles,
    { fileSizes, gtids, gtidExecuted }: Pick<ServerState, "fileSizes" | "gtids" | "gtidExecuted">,
  ) {
    this.#server = server;
    this.#sizes = fileSizes;
    this.#executed = gtids ? gtidExecuted : null;
  }

  /**
   * When the server started, seconds since 1970, by the numbers of those of `files` with which a
   * run began. A file with a damaged first event counts as one. `files`: consecutive binlog files.
   */
  async among(files: readonly string[]): Promise<Map<number, number>> {
    const part = Math.ceil(files.length / DUMPS_AT_ONCE);
    const parts = Array.from({ length: DUMPS_AT_ONCE }, (_, i) =>
      files.slice(i * part, (i + 1) * part),
    );
    await Promise.all(parts.map((some) => this.#ask(some)));
    const beginnings = new Map<number, number>();
    for (const file of files) {
      const startedS = this.#answers.get(file) ?? null;
      if (startedS !== null) beginnings.set(binlogFileNumber(file), startedS);
    }
    return beginnings;
  }

  /**
   * The latest of `files` with which a run began, and when; null when there is none. Asks the last
   * one, and then longer and longer parts before it.
   */
  async latest(
    files: readonly string[],
  ): Promise<{ readonly fileNumber: number; readonly startedS: number } | null> {
    for (let to = files.length, count = 1; to > 0; to -= count, count *= 2) {
      const some = await this.among(files.slice(Math.max(0, to - count), to));
      const last = [...some].at(-1);
      if (last !== undefined) return { fileNumber: last[0], startedS: last[1] };
      if (to <= count) break;
    }
    return null;
  }

  async #ask(files: readonly string[]): Promise<void> {
    const asked = files.filter((file) => !this.#answers.has(file));
    while (asked.length > 0) {
      const most = this.#executed === null ? SENT_FILE : SKIPPED_FILE;
      const large = asked.findIndex((file) => (this.#sizes.get(file) ?? Infinity) > most);
      const dumped = large === -1 ? asked : asked.slice(0, large + 1);
      // Until such a dump is ended, sending holds the server up; skipping would read on and on.
      const skipped = dumped.length === 1 ? null : this.#executed;
      const starts = await serverStarts(this.#server, dumped, skipped).catch((error: unknown) => {
        if (error instanceof UnreadableBinlogError) return [];
        throw error;
      });
      // Behind GTIDs, the server may not begin with the named file, so this proves no damage.
      if (starts.length === 0 && skipped !== null) {
        this.#executed = null;
        continue;
      }
      if (starts.length === 0) this.#answers.set(asked.shift() ?? "", UNKNOWN_S);
      for (const startedS of starts)
        this.#answers.set(asked.shift() ?? "", startedS === 0 ? null : startedS);
    }
  }
}

/**
 * When the server started, seconds since 1970, from the first events of consecutive files; 0 for a
 * file that was begun by a rotation. One dump reads through all but the last. It ends at the first
 * event that it cannot read, so the answers may be fewer. Rejects when the dump fails before the
 * first answer: with UnreadableBinlogError when the first event of the first file is damaged.
 *
 * @param skipped GTIDs whose transactions the server does not send; null: it sends all
 */
export async function serverStarts(
  server: ServerOfFiles,
  files: readonly string[],
  skipped: string | null = null,
): Promise<number[]> {
  const starts: number[] = [];
  const [from = ""] = files;
  const start: DumpStart =
    skipped === null
      ? { kind: "file", file: from, offset: FIRST_EVENT }
      : { kind: "gtid", gtidSet: skipped, from };
  // The server keeps small events back while it skips transactions, also those of later files.
  const sending = skipped === null ? {} : { heartbeatMs: 1 };
  try {
    const asked = { ...server, ...sending, replicaUuid: randomUUID() };
    await look(asked, start, ({ file, description }) => {
      if (description === null) return null;
      // Events that have arrived with the last answer are inspected, too.
      if (file !== files[starts.length]) return true;
      starts.push(description.created);
      return starts.length === files.length ? true : null;
    });
  } catch (error) {
    // The next dump begins behind what could not be read here.
    if (starts.length === 0) throw error;
  }
  return starts;
}
