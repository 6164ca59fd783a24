import { setTimeout as pause } from "node:timers/promises";
import { createConnection, type Connection, type RowDataPacket } from "mysql2/promise";
import type { SharedStack } from "../shared-stack.ts";
import { createOrders } from "../writers.ts";

/** The table that short connections write to and whose definition changes repeatedly. */
const TABLE = "soaked";
const DATABASE = "shop";

/** The disturbances during the load, and the seconds between two of a kind. */
const EVERY_S = { connection: 2, rotation: 20, definition: 30, reconnect: 60 } as const;

type Disturbance = keyof typeof EVERY_S;

/**
 * Does to a reader what a server in use does: binlog files end, definitions change, applications
 * connect, and at times the reader's connection is cut. Disposing ends it.
 */
export class Disturbances implements AsyncDisposable {
  /** How many times each has occurred. */
  readonly counts: Record<Disturbance, number> = {
    connection: 0,
    rotation: 0,
    definition: 0,
    reconnect: 0,
  };
  readonly #stack: SharedStack;
  readonly #environment: string;
  readonly #administrator: Connection;
  readonly #stop = new AbortController();
  readonly #running: Promise<unknown>;

  private constructor(stack: SharedStack, environment: string, administrator: Connection) {
    this.#stack = stack;
    this.#environment = environment;
    this.#administrator = administrator;
    this.#running = Promise.all(
      Object.entries(EVERY_S).map(([name, seconds]) => this.#repeat(name as Disturbance, seconds)),
    );
    this.#running.catch(() => undefined); // finish() tells
  }

  static async start(stack: SharedStack, environment: string): Promise<Disturbances> {
    await createOrders(stack.pool(environment, 1), TABLE);
    const administrator = await createConnection({ ...stack.file.mysql, database: DATABASE });
    return new Disturbances(stack, environment, administrator);
  }

  /**
   * Ends the disturbances; returns how many rows were written. Throws an error of a disturbance.
   */
  async finish(): Promise<number> {
    this.#stop.abort();
    await this.#running;
    return this.counts.connection;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running.catch(() => undefined);
    await this.#administrator.end();
  }

  async #repeat(name: Disturbance, seconds: number): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      await this.#happen(name);
      this.counts[name]++;
      await pause(seconds * 1000, undefined, { signal }).catch(() => undefined); // an abort ends the loop
    }
  }

  #happen(name: Disturbance): Promise<unknown> {
    switch (name) {
      case "connection":
        return this.#connect();
      case "rotation":
        return this.#administrator.query("FLUSH BINARY LOGS");
      case "definition":
        return this.#administrator.query(
          this.counts.definition % 2 === 0
            ? `ALTER TABLE ${TABLE} ADD COLUMN extra INT`
            : `ALTER TABLE ${TABLE} DROP COLUMN extra`,
        );
      case "reconnect":
        return this.#cutTheDump();
      default:
        return name satisfies never;
    }
  }

  /** Acts as an application that connects, writes a row and disconnects. */
  async #connect(): Promise<void> {
    const [account] = this.#stack.file.environments[this.#environment]?.users ?? [];
    if (account === undefined) throw new RangeError(`no account in ${this.#environment}`);
    const { host, port } = this.#stack.file.mysql;
    const connection = await createConnection({ host, port, ...account, database: DATABASE });
    await connection.query(`INSERT INTO ${TABLE} (customer) VALUES ('new')`);
    await connection.end();
  }

  async #cutTheDump(): Promise<void> {
    const [dumps] = await this.#administrator.query<RowDataPacket[]>(
      "SELECT processlist_id AS id FROM performance_schema.threads WHERE processlist_command LIKE 'Binlog Dump%'",
    );
    for (const { id } of dumps) await this.#administrator.query("KILL ?", [id]);
  }
}
