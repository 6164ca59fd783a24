import type { Connection, RowDataPacket } from "mysql2/promise";
import { EVENT_HEADER_LENGTH } from "../binlog-format/events/event-header.ts";

const FIRST_EVENT = 4;
const POSITION_LENGTH = 8;
const CHECKSUM_LENGTHS = [4, 0];

/**
 * Finds out which binlog files end with a rotation to the next one; the next file then belongs to
 * the same server run. The result for each file is cached, because there may be a thousand files.
 */
export class Rotations {
  readonly #control: Connection;
  #sizes: Promise<ReadonlyMap<string, number>> | null = null;
  readonly #answers = new Map<string, Promise<boolean>>();

  /** `control`: the connection for the queries about the files. */
  constructor(control: Connection) {
    this.#control = control;
  }

  /**
   * Whether the last event of `file` is a rotation to `next`; false also when the server cannot
   * read that event. The server has both files, and `next` directly follows `file`.
   */
  leadTo(file: string, next: string): Promise<boolean> {
    let answer = this.#answers.get(next);
    if (answer === undefined) {
      answer = this.#ask(file, next);
      this.#answers.set(next, answer);
    }
    return answer;
  }

  async #ask(file: string, next: string): Promise<boolean> {
    this.#sizes ??= fileSizes(this.#control);
    const size = (await this.#sizes).get(file) ?? 0;
    for (const checksum of CHECKSUM_LENGTHS) {
      const at = size - EVENT_HEADER_LENGTH - POSITION_LENGTH - Buffer.byteLength(next) - checksum;
      if (at < FIRST_EVENT) return false;
      const rows = await eventsFrom(this.#control, file, at);
      if (rows.length !== 1) continue;
      return rows[0]?.["Event_type"] === "Rotate" && rows[0]?.["Info"] === `${next};pos=4`;
    }
    return false;
  }
}

/**
 * The length of the header of an encrypted file (`Rpl_encryption_header::HEADER_SIZE` in MySQL's
 * rpl_log_encryption.h). The file's size includes it, the offsets of events do not.
 */
const ENCRYPTION_HEADER_LENGTH = 512;

/** How far the offsets of each file's events go. */
async function fileSizes(control: Connection): Promise<Map<string, number>> {
  const [rows] = await control.query<RowDataPacket[]>("SHOW BINARY LOGS");
  return new Map(
    rows.map((row) => {
      const header = row["Encrypted"] === "Yes" ? ENCRYPTION_HEADER_LENGTH : 0;
      return [String(row["Log_name"]), Number(row["File_size"]) - header];
    }),
  );
}

/** Up to two events from the offset; none when no event begins there. */
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
