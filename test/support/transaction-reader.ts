import { FollowedTables } from "../../reader/statements/followed-tables.ts";
import type { ChangeSink } from "../../reader/transactions/transaction.ts";
import {
  TransactionReader,
  type TransactionReaderOptions,
} from "../../reader/transactions/transaction-reader.ts";

/**
 * A reader of events that a test hands it: it has read nothing before, and tells `sink` what it
 * finds in the tables of `patterns`.
 */
export function transactionReaderOf(
  patterns: readonly string[],
  sink: Partial<ChangeSink>,
  {
    ledger = "no.ledger",
    ...options
  }: Partial<TransactionReaderOptions> & { readonly ledger?: string } = {},
): TransactionReader {
  return new TransactionReader({
    followed: new FollowedTables({ patterns, ledger, lowerCase: false }),
    onLedgerRow: () => undefined,
    onUnknownXa: () => undefined,
    onRead: () => undefined,
    serverId: 1,
    heldLimitBytes: 1e6,
    sink: {
      change: () => undefined,
      prepared: () => undefined,
      boundary: () => undefined,
      relief: () => null,
      ...sink,
    },
    run: 1,
    runBeginnings: new Map(),
    files: { listed: new Set(), proven: new Set() },
    checksums: false,
    columns: false,
    passed: null,
    anchor: null,
    preparedXa: [],
    ...options,
  });
}
