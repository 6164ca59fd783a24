import type { Author } from "../../wire/session.ts";

/**
 * The author whom a row of the ledger, as JSON, registers for the connection that wrote it. Null for a deleted row, an
 * unused slot, and a row about another connection: somebody restores a copy of the table.
 */
export function registeredAuthor(row: string, writer: number): Author | null {
  if (row === "") return null; // deleted
  const { connection_id: thread, user, host } = JSON.parse(row) as Partial<Record<string, unknown>>;
  if (typeof thread !== "number" || thread === 0 || thread !== writer) return null;
  if (typeof user !== "string" || typeof host !== "string") return null;
  return { user, host, attribution: "ledger" };
}
