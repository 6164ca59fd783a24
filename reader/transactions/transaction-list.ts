import type { Transaction } from "./transaction.ts";

/** Transactions that were read one after the other, without an object for each. */
export interface TransactionList {
  readonly length: number;
  /**
   * The first transaction of each origin. Transactions of one origin were written by one connection
   * under one tag; their positions ascend, and their authors are not known yet.
   */
  readonly origins: readonly Transaction[];
  /** The index in `origins` of a transaction's origin. */
  originOf(index: number): number;
  at(index: number): Transaction;
}

/** A list in which each transaction is an origin of its own. */
export function listOf(transactions: readonly Transaction[]): TransactionList {
  return {
    length: transactions.length,
    origins: transactions,
    originOf: (index) => index,
    at: (index) => transactions[index] as Transaction,
  };
}
