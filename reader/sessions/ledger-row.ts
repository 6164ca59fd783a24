import type { Operation } from "../../wire/frame.ts";
import type { Author } from "../../wire/session.ts";

/** A change of the ledger's table. */
interface LedgerChange {
  readonly op: Operation;
  /** The row after the change, as JSON; "" for a deleted row. */
  readonly row: string;
}

/**
 * The author whom a change of the ledger's table registers for the connection that wrote it. The
 * ledger only updates its rows. null for an unused slot, for a row about another connection, and
 * for other operations, by which a copy of the table may be restored with ids that match by chance.
 */
export function registeredAuthor({ op, row }: LedgerChange, writer: number): Author | null {
  if (op !== "u") return null;
  const { connection_id: thread, user, host } = JSON.parse(row) as Partial<Record<string, unknown>>;
  if (typeof thread !== "number" || thread === 0 || thread !== writer) return null;
  if (typeof user !== "string" || typeof host !== "string") return null;
  return { user, host, attribution: "ledger" };
}
