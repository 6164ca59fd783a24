import type { SeededRandom } from "@binlog-router/local-aws/seeded-random";
import { setTimeout as delay } from "node:timers/promises";
import { type Connection, createConnection } from "mysql2/promise";

export interface WriteLoadOptions {
  /** Returns the address to connect to; called at every connect. */
  readonly server: () => { host: string; port: number };
  readonly user: string;
  readonly password: string;
  /** Written into every row, so that a row of another environment is recognised. */
  readonly environment: string;
  readonly writer: number;
  readonly signal: AbortSignal;
  readonly random: SeededRandom;
}

/** The statements that create the tables of the write load. */
export const LOAD_TABLES = [
  "CREATE TABLE shop.journal (environment VARCHAR(20), writer INT, seq INT, PRIMARY KEY (environment, writer, seq))",
  "CREATE TABLE shop.stock (id INT PRIMARY KEY, environment VARCHAR(20), quantity INT, note VARCHAR(200))",
];

const STOCK_ROWS = 20;

/**
 * Writes transactions until the signal is aborted. Each inserts the next number into the journal,
 * and inserts, updates and deletes some rows of this writer's stock. It reopens broken connections;
 * whether a broken transaction was committed shows in the database only.
 */
export async function writeLoad(options: WriteLoadOptions): Promise<void> {
  const { signal, random } = options;
  let seq = 0;
  while (!signal.aborted) {
    let connection: Connection | undefined;
    try {
      connection = await within(ANSWER_MS, open(options));
      // Some connections live for one transaction, some for many.
      const transactions = random.chance(0.3) ? 1 : 30;
      for (let i = 0; i < transactions && !signal.aborted; i++) {
        await within(ANSWER_MS, transaction(connection, options, seq++));
      }
    } catch {
      await delay(50);
    } finally {
      connection?.destroy();
    }
  }
}

/** When a connection breaks, mysql2 sometimes never answers a statement. */
const ANSWER_MS = 5000;

async function within<T>(timeoutMs: number, work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`no answer in ${timeoutMs} ms`)), timeoutMs);
  return Promise.race([work, promise]).finally(() => clearTimeout(timer));
}

async function open({ server, user, password }: WriteLoadOptions): Promise<Connection> {
  const connection = await createConnection({ ...server(), user, password, connectTimeout: 2000 });
  // A broken connection is noticed at its next use.
  connection.on("error", () => undefined);
  return connection;
}

async function transaction(
  connection: Connection,
  options: WriteLoadOptions,
  seq: number,
): Promise<void> {
  const { environment, writer, random } = options;
  await connection.beginTransaction();
  await connection.query("INSERT INTO shop.journal VALUES (?, ?, ?)", [environment, writer, seq]);
  const statements = random.below(4);
  for (let i = 0; i < statements; i++) {
    const id = writer * 1000 + random.below(STOCK_ROWS);
    const choice = random.next();
    if (choice < 0.5) {
      await connection.query(
        "INSERT INTO shop.stock VALUES (?, ?, 1, ?) ON DUPLICATE KEY UPDATE quantity = quantity + 1, note = VALUES(note)",
        [id, environment, "x".repeat(random.below(200))],
      );
    } else if (choice < 0.8)
      await connection.query("UPDATE shop.stock SET quantity = quantity + 1 WHERE id = ?", [id]);
    else await connection.query("DELETE FROM shop.stock WHERE id = ?", [id]);
  }
  await (random.chance(0.1) ? connection.rollback() : connection.commit());
}
