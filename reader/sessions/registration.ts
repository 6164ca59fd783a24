import type { Author } from "../../wire/session.ts";

/** A row of the ledger: whose connection it is. */
export interface Registration {
  readonly thread: number;
  readonly author: Author;
}

/** Reads a row of the ledger from its image as JSON; null for a row without what a registration needs: an unused slot. */
export function parseRegistration(after: string): Registration | null {
  if (after === "") return null; // a deleted row
  const row = JSON.parse(after) as Partial<Record<string, unknown>>;
  const { connection_id: thread, user, host } = row;
  if (
    typeof thread !== "number" ||
    thread === 0 ||
    typeof user !== "string" ||
    typeof host !== "string"
  )
    return null;
  return { thread, author: { user, host, attribution: "ledger" } };
}
