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

/**
 * What is certain of a thread: who is behind it; or `changed`: its user has changed since it
 * connected, so that the process list's word counts for nothing that was read before the question.
 */
export type Proof = ProvenUser | "changed";

/**
 * Asks about threads, each with the user whom its latest tag named; null: it never had one. Those
 * of which nothing is certain are left out.
 */
export type ProveUsers = (
  threads: ReadonlyMap<number, string | null>,
) => Promise<ReadonlyMap<number, Proof>>;

const COUNTED = `performance_schema.threads AS thread
  STRAIGHT_JOIN performance_schema.events_statements_summary_by_thread_by_event_name AS counted
    ON counted.thread_id = thread.thread_id`;

const COUNTS = `SELECT thread.processlist_id AS id,
    SUM(IF(counted.event_name = ?, counted.count_star, 0)) AS changes,
    SUM(counted.count_star) AS resets FROM ${COUNTED}
    AND counted.event_name IN (?)
  WHERE thread.processlist_id IN (?)
  GROUP BY thread.processlist_id`;

const OWN = `SELECT counted.count_star AS count FROM ${COUNTED} AND counted.event_name = ?
  WHERE thread.processlist_id = CONNECTION_ID()`;

const ENABLED = `SELECT COUNT(*) AS count FROM performance_schema.setup_instruments
  WHERE name IN (?) AND enabled = 'YES'`;

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
/** Of connections that changed their user, the latest. */
const REMEMBERED = 10_000;

/** What an earlier look found of a thread. */
interface Known {
  readonly user: string;
  readonly changes: number;
  readonly since: BinlogPosition;
}

/**
 * Proves by performance_schema who wrote what a session without a tag and without a row of the
 * ledger wrote. The process list alone does not: between a change of user and a look at the list
 * the user may change again. But the server counts the changes of each thread. The same user and
 * the same count before and behind a transaction say that there was no change in between, for the
 * change away from that user would have been counted:
 *
 * - The first look, before a position of the binlog: no transaction behind it was committed
 *   earlier. It asks for the count and then for the user. A thread without any change is its tag's
 *   user.
 * - Then the transaction is read, so that it was committed.
 * - The second look asks for the user and then for the count: in this order, so that a change
 *   between the two questions is counted.
 *
 * The counts begin anew where somebody truncates the table, and stand still while the instruments
 * are off. So each look runs a statement of a kind of its own on this connection, and counts hold
 * only where all of these were counted and the instruments are on.
 */
export class ProvenUsers {
  readonly #connection: Connection;
  readonly #version: string;
  /** The latest is the last one. */
  readonly #known = new Map<number, Known>();
  /**
   * Where counting began: threads that never changed their user are known since then. Null where
   * nothing can be counted.
   */
  #begun: BinlogPosition | null = null;
  #witnessed = 0;

  private constructor(connection: Connection, version: string) {
    this.#connection = connection;
    this.#version = version;
  }

  /**
   * Begins to count. Where performance_schema is off, or the account may not read it, no user is
   * ever proven.
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
  async prove(threads: ReadonlyMap<number, string | null>): Promise<ReadonlyMap<number, Proof>> {
    const proofs = new Map<number, Proof>();
    const begun = this.#begun;
    if (begun === null) return proofs;
    await this.#leaveMark();
    const ids = [...threads.keys()];
    const users = await this.#usersOf(ids);
    const counts = await this.#rows(COUNTS, [CHANGE_USER, RESETS, ids]);
    if (!(await this.#isCounting())) {
      await this.#begin();
      return proofs;
    }
    const unproven = new Map<number, number>();
    for (const row of counts) {
      const [thread, changes] = [Number(row["id"]), Number(row["changes"])];
      const tagged = threads.get(thread) ?? null;
      // A session with a tag that was never reset: another one wrote under its id. One without a
      // tag that never changed its user: the process list has it.
      if (tagged === null ? changes === 0 : Number(row["resets"]) === 0) continue;
      const unchanged = tagged === null ? null : { user: tagged, changes: 0, since: begun };
      const earlier = this.#known.get(thread) ?? unchanged;
      const now = users.get(thread);
      if (now !== undefined && earlier?.user === now.user && earlier.changes === changes) {
        proofs.set(thread, { ...now, since: earlier.since });
        continue;
      }
      if (changes === 0) continue;
      proofs.set(thread, "changed");
      unproven.set(thread, changes);
    }
    if (unproven.size > 0) await this.#remember(unproven);
    return proofs;
  }

  async #begin(): Promise<void> {
    this.#begun = null;
    this.#known.clear();
    this.#witnessed = await this.#ownCount();
    await this.#leaveMark();
    if (await this.#isCounting()) this.#begun = await this.#end();
  }

  /** Takes the counts of threads as the first look; behind them, asks for the users. */
  async #remember(counts: ReadonlyMap<number, number>): Promise<void> {
    const users = await this.#usersOf([...counts.keys()]);
    const since = await this.#end();
    for (const [thread, changes] of counts) {
      this.#known.delete(thread);
      const user = users.get(thread)?.user;
      if (user !== undefined) this.#known.set(thread, { user, changes, since });
    }
    const tooMany = this.#known.size - REMEMBERED;
    for (const thread of [...this.#known.keys()].slice(0, Math.max(0, tooMany)))
      this.#known.delete(thread);
  }

  async #usersOf(
    threads: readonly number[],
  ): Promise<ReadonlyMap<number, Omit<ProvenUser, "since">>> {
    const rows = await this.#rows(USERS, [threads]);
    return new Map(
      rows.map(({ id, user, host }) => [
        Number(id),
        { user: String(user), host: String(host ?? "") },
      ]),
    );
  }

  async #leaveMark(): Promise<void> {
    await this.#connection.query(WITNESS_STATEMENT);
    this.#witnessed++;
  }

  /** Whether resets are counted, and everything has been counted since the beginning. */
  async #isCounting(): Promise<boolean> {
    const [enabled] = await this.#rows(ENABLED, [RESETS]);
    return (
      Number(enabled?.["count"]) === RESETS.length && (await this.#ownCount()) === this.#witnessed
    );
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
