import type { Connection } from "mysql2/promise";
import { setTimeout as pause } from "node:timers/promises";
import { forEachLimited } from "../../../functions/ground/concurrency.ts";

/** The connection that writes a transaction, and the table. */
export interface Place {
  readonly connection: Connection;
  readonly table: string;
}

/** A sequence of one-row transactions. */
export interface Load {
  /** How many consecutive transactions are sent together on one connection. */
  readonly block: number;
  /** Returns the place of the n-th transaction, from 0; a block has one connection. */
  readonly place: (n: number) => Place;
}

/** How many blocks are under way at the same time: enough to keep the server busy. */
const BLOCKS_AT_ONCE = 2;

/** Creates a table for the load. */
export async function createTable(connection: Connection, table: string): Promise<void> {
  await connection.query(
    "CREATE TABLE ?? (id BIGINT AUTO_INCREMENT PRIMARY KEY, customer VARCHAR(60), state ENUM('new','paid','sent'), " +
      "amount DECIMAL(12,2), note TEXT, items INT)",
    [table],
  );
}

/**
 * Writes transactions as fast as the server accepts them; their number is a multiple of the block.
 */
export async function writeAll({ block, place }: Load, transactions: number): Promise<void> {
  const beginnings = Array.from({ length: transactions / block }, (_, index) => index * block);
  await forEachLimited(beginnings, BLOCKS_AT_ONCE, async (begin) => {
    const numbers = Array.from({ length: block }, (_, index) => begin + index);
    const { connection } = place(begin);
    await connection.query(numbers.map((n) => insertion(place(n).table, n)).join(";"));
  });
}

/** Writes transactions at an even pace; each is the first one of another block. */
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
