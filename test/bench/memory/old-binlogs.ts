import { createConnection, type Connection, type RowDataPacket } from "mysql2/promise";
import type { SharedStack } from "../shared-stack.ts";

const FILE_BYTES = 128 * 1024 * 1024;
/** The reader is only seconds behind, and a file lasts longer than that. */
const KEPT_FILES = 2;

/** Keeps the binlog small during a long load. Disposing closes its connection. */
export class OldBinlogs implements AsyncDisposable {
  readonly #administrator: Connection;

  private constructor(administrator: Connection) {
    this.#administrator = administrator;
  }

  static async open({ file: { mysql } }: SharedStack): Promise<OldBinlogs> {
    const administrator = await createConnection({ ...mysql });
    await administrator.query("SET GLOBAL max_binlog_size = ?", [FILE_BYTES]);
    return new OldBinlogs(administrator);
  }

  /**
   * Removes all but the newest files. The server keeps those that a dump has not read to the end.
   */
  async purge(): Promise<void> {
    const [files] = await this.#administrator.query<RowDataPacket[]>("SHOW BINARY LOGS");
    const oldest = files.at(-KEPT_FILES)?.["Log_name"] as string | undefined;
    if (oldest !== undefined) await this.#administrator.query("PURGE BINARY LOGS TO ?", [oldest]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#administrator.end();
  }
}
