import type { Connection } from "mysql2/promise";
import { setTimeout as pause } from "node:timers/promises";
import { forEachLimited } from "../../../functions/ground/concurrency.ts";

/** Who writes a transaction, and to which table. */
export interface Place {
  readonly connection: Connection;
  readonly table: string;
}

/** Transactions of one row each. */
export interface Load {
  /** So many transactions follow each other on one connection, sent together. */
  readonly block: number;
  /** The place of the nth transaction, from 0; the connection is the same for a whole block. */
  readonly place: (n: number) => Place;
}

/** Blocks under way at once: enough to keep the server busy. */
const BLOCKS_AT_ONCE = 2;

/** Makes a table for the load. */
export async function createTable(connection: Connection, table: string): Promise<void> {
  await connection.query(
    "CREATE TABLE ?? (id BIGINT AUTO_INCREMENT PRIMARY KEY, customer VARCHAR(60), state ENUM('new','paid','sent'), " +
      "amount DECIMAL(12,2), note TEXT, items INT)",
    [table],
  );
}

/** Writes a number of transactions as fast as the server takes them. A multiple of the block. */
export async function writeAll({ block, place }: Load, transactions: number): Promise<void> {
  const beginnings = Array.from({ length: transactions / block }, (_, index) => index * block);
  await forEachLimited(beginnings, BLOCKS_AT_ONCE, async (begin) => {
    const numbers = Array.from({ length: block }, (_, index) => begin + index);
    const { connection } = place(begin);
    await connection.query(numbers.map((n) => insertion(place(n).table, n)).join(";"));
  });
}

/** Writes a number of transactions at an even pace, each of another block. */
export async function writePaced(
  { block, place }: Load,
  transactions: number,
  perSecond: number,
): Promise<void> {
  const began = performance.now();
  for (let n = 0; n < transactions; n++) {
    const { connection, table } = place(n * block);
    await connection.query(insertion(table, n));
    const due = began + ((n + 1) * 1000) / perSecond;
    await pause(Math.max(0, due - performance.now()));
  }
}

const NOTE = "x".repeat(80);

function insertion(table: string, n: number): string {
  return (
    `INSERT INTO ${table} (customer, state, amount, note, items) ` +
    `VALUES ('customer ${n % 997}', 'new', ${n % 10_000}.25, '${NOTE}', ${n % 12})`
  );
}
