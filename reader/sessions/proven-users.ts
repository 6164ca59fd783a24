import type { Connection, RowDataPacket } from "mysql2/promise";
import { binlogFileNumber } from "../../wire/binlog-file.ts";
import { binlogEnd } from "../source/server-state.ts";
import type { BinlogPosition } from "../transactions/binlog-position.ts";

/** Who is behind a connection, and certainly has been since a position. */
export interface ProvenUser {
  readonly user: string;
  /** Without the client's port. */
  readonly host: string;
  /** What the connection wrote from here on, and was read before the question, is this user's. */
  readonly since: BinlogPosition;
}

/** Who is behind each of some threads; those of which that is not certain are left out. */
export type ProveUsers = (threads: readonly number[]) => Promise<ReadonlyMap<number, ProvenUser>>;

const COUNTED = `performance_schema.threads AS thread
  STRAIGHT_JOIN performance_schema.events_statements_summary_by_thread_by_event_name AS counted
    ON counted.thread_id = thread.thread_id`;

const CHANGED = `SELECT thread.processlist_id AS id, counted.count_star AS count FROM ${COUNTED}
    AND counted.event_name = ?
  WHERE thread.processlist_id IS NOT NULL AND counted.count_star > 0`;

/** Without those whose session was never reset: then another one wrote under their id. */
const CHANGES = `SELECT thread.processlist_id AS id,
    SUM(IF(counted.event_name = ?, counted.count_star, 0)) AS count FROM ${COUNTED}
    AND counted.event_name IN (?)
  WHERE thread.processlist_id IN (?)
  GROUP BY thread.processlist_id HAVING SUM(counted.count_star) > 0`;

const OWN = `SELECT counted.count_star AS count FROM ${COUNTED} AND counted.event_name = ?
  WHERE thread.processlist_id = CONNECTION_ID()`;

const USERS = `SELECT processlist_id AS id, processlist_user AS user, processlist_host AS host
  FROM performance_schema.threads
  WHERE processlist_id IN (?) AND instrumented = 'YES' AND processlist_command <> 'Change user'
    AND processlist_user IS NOT NULL`;

const CHANGE_USER = "statement/com/Change user";
const RESETS = [CHANGE_USER, "statement/com/Reset Connection"];
/** A statement that this connection runs for no other purpose. */
const WITNESS = "statement/sql/do";
const WITNESS_STATEMENT = "DO 0";
const ER_TABLEACCESS_DENIED_ERROR = 1142;
/** Of connections that changed their user; with more of them all are counted anew. */
const REMEMBERED = 10_000;

interface Known {
  readonly changes: number;
  readonly since: BinlogPosition;
}

/**
 * Proves by performance_schema who wrote what a session without a tag and without a row of the
 * ledger wrote. The process list alone does not: between a change of user and a look at the list
 * the user may change again. But the server counts the changes of each thread, and two equal counts
 * around a transaction say that there was none in between:
 *
 * - The first count, before a position of the binlog: no transaction behind it was committed
 *   earlier. Threads that connect later begin with none.
 * - Then the transaction is read, so that it was committed.
 * - Then the user is asked for, and afterwards the second count: in this order, so that a change
 *   between the two questions is counted. One that is under way shows in the thread's command.
 *
 * The counts begin anew where somebody truncates the table, and stand still while the instruments
 * are off. So each look runs a statement of a kind of its own on this connection, and counts hold
 * only where all of these were counted.
 */
export class ProvenUsers {
  readonly #connection: Connection;
  readonly #version: string;
  readonly #known = new Map<number, Known>();
  /** What holds for threads that are not in the map: null where nothing can be counted. */
  #others: Known | null = null;
  #witnessed = 0;

  private constructor(connection: Connection, version: string) {
    this.#connection = connection;
    this.#version = version;
  }

  /**
   * Counts for the first time. Where performance_schema is off, or the account may not read it, no
   * user is ever proven.
   */
  static async begin(connection: Connection, version: string): Promise<ProvenUsers> {
    const users = new ProvenUsers(connection, version);
    try {
      await users.#begin();
    } catch (error) {
      const isDenied =
        error instanceof Error && "errno" in error && error.errno === ER_TABLEACCESS_DENIED_ERROR;
      if (!isDenied) throw error;
    }
    return users;
  }

  /** See `ProveUsers`. */
  async prove(threads: readonly number[]): Promise<ReadonlyMap<number, ProvenUser>> {
    const proven = new Map<number, ProvenUser>();
    if (this.#others === null) return proven;
    if (this.#known.size > REMEMBERED) await this.#begin();
    await this.#leaveMark();
    const users = await this.#rows(USERS, [threads]);
    const changes = countsIn(await this.#rows(CHANGES, [CHANGE_USER, RESETS, threads]));
    if (!(await this.#isCountedSinceBegin())) {
      await this.#begin();
      return proven;
    }
    const changed = new Map<number, number>();
    for (const { id, user, host } of users) {
      const thread = Number(id);
      const known = this.#known.get(thread) ?? this.#others;
      const count = changes.get(thread);
      if (count === undefined) continue;
      if (count === known.changes)
        proven.set(thread, { user: String(user), host: String(host ?? ""), since: known.since });
      else changed.set(thread, count);
    }
    if (changed.size > 0) {
      const since = await this.#end();
      for (const [thread, count] of changed) this.#known.set(thread, { changes: count, since });
    }
    return proven;
  }

  async #begin(): Promise<void> {
    this.#others = null;
    this.#known.clear();
    this.#witnessed = await this.#ownCount();
    await this.#leaveMark();
    const changed = countsIn(await this.#rows(CHANGED, [CHANGE_USER]));
    if (!(await this.#isCountedSinceBegin())) return;
    const since = await this.#end();
    this.#others = { changes: 0, since };
    for (const [thread, changes] of changed) this.#known.set(thread, { changes, since });
  }

  async #leaveMark(): Promise<void> {
    await this.#connection.query(WITNESS_STATEMENT);
    this.#witnessed++;
  }

  async #isCountedSinceBegin(): Promise<boolean> {
    return (await this.#ownCount()) === this.#witnessed;
  }

  /** NaN where this connection is not counted. */
  async #ownCount(): Promise<number> {
    const [own] = await this.#rows(OWN, [WITNESS]);
    return Number(own?.["count"]);
  }

  async #end(): Promise<BinlogPosition> {
    const { file, offset } = await binlogEnd(this.#connection, this.#version);
    return { fileNumber: binlogFileNumber(file), offset };
  }

  async #rows(statement: string, values: readonly unknown[]): Promise<RowDataPacket[]> {
    const [rows] = await this.#connection.query<RowDataPacket[]>(statement, [...values]);
    return rows;
  }
}

function countsIn(rows: readonly RowDataPacket[]): Map<number, number> {
  return new Map(rows.map((row) => [Number(row["id"]), Number(row["count"])]));
}
