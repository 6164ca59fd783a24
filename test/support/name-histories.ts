import { filteredNames } from "../../config/filtered-names.ts";
import { NameHistory } from "../../reader/statements/name-history.ts";
import type { SavedNames } from "../../reader/statements/saved-names.ts";
import { readStatement } from "../../reader/statements/statement.ts";
import type { FormerNames } from "../../wire/frame.ts";
import { queryEvent } from "./query-event.ts";

export const CONFIGURED = filteredNames({
  mailing: {
    columns: {
      exclude: ["shop.customers.email", "shop.*.*_token"],
      mask: { "shop.customers.pho?e": "last4" },
    },
  },
  billing: { where: { "shop.orders": "status = 'paid'" } },
});

/** A reader's history with these filters. */
export function historyOf(saved?: SavedNames): NameHistory {
  return new NameHistory({ filtered: CONFIGURED, lowerCase: false, saved });
}

/** Applies statements in the database shop. */
export function apply(history: NameHistory, ...statements: readonly string[]): NameHistory {
  for (const text of statements) {
    const statement = readStatement(queryEvent(text));
    if (statement.kind !== "definition") throw new Error(`${text} is a ${statement.kind}`);
    history.apply(
      statement.names ?? [],
      ({ database, table }) => [database ?? "shop", table],
      statement.database,
    );
  }
  return history;
}

export const tables = (
  history: NameHistory,
  table: string,
  database = "shop",
): FormerNames["tables"] => history.of(database, table)?.tables ?? [];
export const columns = (history: NameHistory, table: string): FormerNames["columns"] =>
  history.of("shop", table)?.columns ?? [];

/** A long name without a number. */
export function long(i: number): string {
  return (
    "c".repeat(50) + i.toString(26).replace(/\d/g, (digit) => "qrstuvwxyz"[Number(digit)] ?? "")
  );
}
