import type { Connection, RowDataPacket } from "mysql2/promise";
import { binlogFileNumber } from "../../wire/binlog-file.ts";
import { binlogEnd } from "../source/server-state.ts";
import type { BinlogPosition } from "../transactions/binlog-position.ts";

/** The user of a connection, proven since a position. */
export interface ProvenUser {
  readonly user: string;
  /** Without the client's port. */
  readonly host: string;
  /**
   * Changes of the connection from this position on that were read before the query belong to this
   * user.
   */
  readonly since: BinlogPosition;
}

/**
 * A certain fact about a thread: its user, or `changed`: its user has changed since it connected,
 * so the process list proves nothing about changes read before the query.
 */
export type Proof = ProvenUser | "changed";

/**
 * Queries threads, each with the user of its latest tag (null: no tag). Threads without a certain
 * fact are left out of the result.
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
/** A kind of statement that this connection runs only as a witness. */
const WITNESS = "statement/sql/do";
const WITNESS_STATEMENT = "DO 0";
const ER_TABLEACCESS_DENIED_ERROR = 1142;
/** How many connections that changed their user are remembered; the oldest are forgotten. */
const REMEMBERED = 10_000;

/** The result of an earlier look at a thread. */
interface Known {
  readonly user: string;
  readonly changes: number;
  readonly since: BinlogPosition;
}

/**
 * Proves with performance_schema who wrote the changes of a session without a tag and without a
 * ledger row. The process list alone proves nothing, because the user may change again before the
 * list is read. But the server counts the user changes of each thread. If user and count are the
 * same before and after a transaction, the user did not change in between, because the change to
 * another user would have been counted:
 *
 * - The first look queries the count and then the user. It takes place before a position of the
 *   binlog, so every transaction behind that position was committed later. A thread without any
 *   change has the user of its tag.
 * - Then the transaction is read, so it was committed.
 * - The second look queries the user and then the count, so that a change between the two queries
 *   is counted.
 *
 * The counts restart when the table is truncated, and stop while the instruments are off. So each
 * look runs a witness statement on this connection, and counts are valid only if all witnesses were
 * counted and the instruments are on.
 */
export class ProvenUsers {
  readonly #connection: Connection;
  readonly #version: string;
  /** The thread that was looked at last comes last. */
  readonly #known = new Map<number, Known>();
  /**
   * The position at which counting began. The users of threads that never changed them are proven
   * from here on. null when nothing can be counted.
   */
  #begun: BinlogPosition | null = null;
  #witnessed = 0;

  private constructor(connection: Connection, version: string) {
    this.#connection = connection;
    this.#version = version;
  }

  /**
   * Begins counting. If performance_schema is off or the account may not read it, no user is ever
   * proven.
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
      // Skips a tagged session that was never reset (another session wrote with its id), and an
      // untagged session that never changed its user (the process list is enough).
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

  /** Records the first look at threads: their counts, and then their users. */
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

  /** Whether resets are counted, and all witnesses have been counted since the beginning. */
  async #isCounting(): Promise<boolean> {
    const [enabled] = await this.#rows(ENABLED, [RESETS]);
    return (
      Number(enabled?.["count"]) === RESETS.length && (await this.#ownCount()) === this.#witnessed
    );
  }

  /** The server's count of the witness statements; NaN when this connection is not counted. */
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
