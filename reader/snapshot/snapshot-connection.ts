import {
  type Connection as CoreConnection,
  type ConnectionOptions,
  createConnection,
} from "mysql2";
import type { Connection } from "mysql2/promise";
import { closeConnection } from "../source/close-connection.ts";
import { binlogEnd } from "../source/server-state.ts";
import { SourceSilentError } from "../reporting/errors.ts";
import type { BinlogPosition } from "../transactions/binlog-position.ts";
import { binlogFileNumber } from "../../wire/binlog-file.ts";
import { prepareSnapshotSession } from "./snapshot-session.ts";
import type { SelectedRow } from "./selected-rows.ts";
import type { Condition } from "./table-key.ts";

/**
 * A server that does not answer within this time counts as lost; its own limit for statements is
 * shorter.
 */
const SILENCE_MS = 60_000;
/** The time limit of one wait for visible transactions, seconds. */
const VISIBLE_S = 5;

/** The connection on which rows are read. Its session is read-only and takes no locks. */
export class SnapshotConnection implements Disposable {
  readonly #core: CoreConnection;
  readonly #version: string;
  /**
   * Rejects the questions that are not answered yet. A promise as old as the connection would keep
   * every question that was raced against it.
   */
  readonly #waiting = new Set<(error: Error) => void>();
  /** Why the connection is broken; null: it is not. */
  #broken: Error | null = null;

  private constructor(core: CoreConnection, version: string) {
    this.#core = core;
    this.#version = version;
    core.on("error", (error: Error) => this.#breaks(error));
  }

  /**
   * `uuid`: `@@server_uuid` of the server whose stream is read. Rejects when the address now leads
   * to another server.
   */
  static async open(
    options: ConnectionOptions,
    version: string,
    uuid: string,
  ): Promise<SnapshotConnection> {
    const opened = new SnapshotConnection(createConnection(options), version);
    try {
      await opened.ask(prepareSnapshotSession);
      const [rows] = await opened.ask((connection) =>
        connection.query("SELECT @@server_uuid AS uuid"),
      );
      const [row] = rows as { readonly uuid?: unknown }[];
      if (String(row?.uuid) !== uuid)
        throw new SourceSilentError("the snapshot's connection leads to another server");
      return opened;
    } catch (error) {
      opened[Symbol.dispose]();
      throw error;
    }
  }

  /** Runs short queries. Rejects when the connection breaks or does not answer. */
  async ask<T>(question: (connection: Connection) => Promise<T>): Promise<T> {
    return this.#inTime(question(this.#core.promise()));
  }

  /** Resolves once reads show all transactions of a GTID set. */
  async untilVisible(gtidSet: string): Promise<void> {
    for (;;) {
      const [rows] = await this.#inTime(
        this.#core
          .promise()
          .execute("SELECT WAIT_FOR_EXECUTED_GTID_SET(?, ?) AS late", [gtidSet, String(VISIBLE_S)]),
      );
      const [row] = rows as { readonly late?: unknown }[];
      if (String(row?.late) === "0") return;
    }
  }

  async areGtidsOn(): Promise<boolean> {
    const [rows] = await this.ask((connection) =>
      connection.query("SELECT @@GLOBAL.gtid_mode AS mode"),
    );
    const [row] = rows as { readonly mode?: unknown }[];
    return String(row?.mode) === "ON";
  }

  /** The end of the binlog. */
  async end(): Promise<BinlogPosition> {
    const { file, offset } = await this.ask((connection) => binlogEnd(connection, this.#version));
    return { fileNumber: binlogFileNumber(file), offset };
  }

  /**
   * Calls `onRow` with each row of a statement, and resolves after the last one. Rejects when the
   * statement takes longer than `longestMs`.
   */
  async each(
    { sql, parameters }: Condition,
    onRow: (row: SelectedRow) => void,
    longestMs = SILENCE_MS,
  ): Promise<void> {
    const done = Promise.withResolvers<void>();
    const statement = this.#core.execute({ sql, values: [...parameters], rowsAsArray: true });
    statement.on("result", (row: unknown) => {
      if (Array.isArray(row)) onRow(row as SelectedRow);
    });
    statement.on("error", (error: Error) => done.reject(error));
    statement.on("end", () => done.resolve());
    await this.#inTime(done.promise, longestMs);
  }

  [Symbol.dispose](): void {
    this.#breaks(new SourceSilentError("the snapshot's connection was closed"));
    closeConnection(this.#core);
  }

  #breaks(error: Error): void {
    this.#broken ??= error;
    for (const fail of this.#waiting) fail(error);
  }

  async #inTime<T>(answer: Promise<T>, longestMs = SILENCE_MS): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    answer.then(resolve, reject);
    if (this.#broken !== null) reject(this.#broken);
    const timer = setTimeout(
      () => reject(new SourceSilentError(`no answer from the server for ${longestMs} ms`)),
      longestMs,
    );
    this.#waiting.add(reject);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(reject);
    }
  }
}
