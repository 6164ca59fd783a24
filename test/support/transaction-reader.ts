import { FollowedTables } from "../../reader/statements/followed-tables.ts";
import { NameHistory } from "../../reader/statements/name-history.ts";
import type { ChangeSink } from "../../reader/transactions/transaction.ts";
import {
  TransactionReader,
  type TransactionReaderOptions,
} from "../../reader/transactions/transaction-reader.ts";

/**
 * A TransactionReader for events that a test passes to it. It has read nothing before, and reports
 * changes of the tables that match `patterns` to `sink`.
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
    serverUuid: "",
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
    nameOf: (each) => each,
    files: { listed: new Set(), proven: new Set() },
    checksums: false,
    columns: false,
    names: new NameHistory({ filtered: null, lowerCase: false }),
    passed: null,
    anchor: null,
    preparedXa: [],
    ...options,
  });
}
