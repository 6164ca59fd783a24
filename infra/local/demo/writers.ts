import { createConnection, createPool, type Connection } from "mysql2/promise";
import { setTimeout as delay } from "node:timers/promises";
import { DEMO_DATABASE } from "../source/demonstration-schema.ts";
import type { Mark } from "./mark.ts";
import { OrderBook } from "./order-book.ts";

/** One environment's account, and the address of its MySQL server. */
export interface WriterAccount {
  readonly environment: string;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
}

export interface WriterEvents {
  /** A transaction was committed at `atMs`, milliseconds since 1970. */
  readonly onCommitted: (marks: readonly Mark[], atMs: number) => void;
  /** A transaction or connection failed; the writer continues with the next transaction. */
  readonly onProblem: (error: unknown) => void;
  /** The writer's first change gets the number after this one. */
  readonly firstNumber: number;
}

/**
 * Per environment: how many writers of each kind, and the longest pause between transactions, ms.
 */
const POOL_WRITERS = 2;
const POOL_PAUSE_MS = 400;
const BRIEF_WRITERS = 1;
const BRIEF_PAUSE_MS = 500;
const PAUSE_AFTER_PROBLEM_MS = 1_000;

/** Gets a connection and runs `work` on it. */
type Connect = <T>(work: (connection: Connection) => Promise<T>) => Promise<T>;

/**
 * Writes as one environment until `signal` is aborted: some writers use a pool, whose connections
 * live on, and some open a connection for each transaction, which lives for milliseconds. Resolves
 * when the last transaction is over.
 */
export async function writeAs(
  account: WriterAccount,
  events: WriterEvents,
  signal: AbortSignal,
): Promise<void> {
  const { environment, ...server } = account;
  const options = { ...server, database: DEMO_DATABASE, charset: "utf8mb4" };
  await using pool = createPool({ ...options, connectionLimit: POOL_WRITERS });
  const throughPool: Connect = async (work) => {
    const connection = await pool.getConnection();
    try {
      const result = await work(connection);
      connection.release();
      return result;
    } catch (error) {
      // Returned to the pool with its transaction open, it would commit that one at the next BEGIN.
      connection.destroy();
      throw error;
    }
  };
  const briefly: Connect = async (work) => {
    await using connection = await createConnection(options);
    // The failing statement reports the error. Without a listener the event would end this process.
    connection.on("error", () => undefined);
    return await work(connection);
  };
  let number = events.firstNumber;
  const named: WriterEvents = {
    ...events,
    onProblem: (error) => events.onProblem(new WriterError(environment, error)),
  };
  const write = (connect: Connect, pauseMs: number) =>
    writeOrders(new OrderBook(environment, () => ++number), connect, pauseMs, named, signal);
  await Promise.all([
    ...Array.from({ length: POOL_WRITERS }, () => write(throughPool, POOL_PAUSE_MS)),
    ...Array.from({ length: BRIEF_WRITERS }, () => write(briefly, BRIEF_PAUSE_MS)),
  ]);
}

async function writeOrders(
  book: OrderBook,
  connect: Connect,
  longestPauseMs: number,
  events: WriterEvents,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    let pauseMs = Math.random() * longestPauseMs;
    try {
      const { marks, atMs } = await connect(async (connection) => ({
        marks: await book.transact(connection),
        atMs: Date.now(),
      }));
      events.onCommitted(marks, atMs);
    } catch (error) {
      events.onProblem(error);
      pauseMs = PAUSE_AFTER_PROBLEM_MS;
    }
    await delay(pauseMs, undefined, { signal }).catch(() => undefined);
  }
}

/** A transaction of the demonstration failed. */
class WriterError extends Error {
  override readonly name = "WriterError";

  constructor(environment: string, cause: unknown) {
    const text = cause instanceof Error ? cause.message : String(cause);
    super(`the demonstration could not write as ${environment}: ${text}`, { cause });
  }
}
