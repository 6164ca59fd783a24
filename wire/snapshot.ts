/** Whose snapshot it is: one subscriber's in one environment. */
export interface SnapshotTarget {
  readonly id: string;
  readonly subscriber: string;
  readonly environment: string;
}

/**
 * Where a snapshot is with a table; what follows `op: "snapshot"` in a frame, as JSON. It stands
 * before the table's first row and behind its last one.
 */
export type SnapshotMark =
  | { readonly state: "started" }
  | {
      readonly state: "complete";
      /** How many rows of the table came. A subscriber's own `where` leaves out some of them. */
      readonly rows: number;
      /** The table is the snapshot's last one: all its tables are complete. */
      readonly whole?: true;
    };

/** The mark that a text of a frame stands for. Throws SyntaxError, RangeError. */
export function parseSnapshotMark(text: string): SnapshotMark {
  const value = JSON.parse(text) as { state?: unknown; rows?: unknown; whole?: unknown } | null;
  const { state, rows, whole } = value ?? {};
  if (state === "started") return { state };
  if (state !== "complete" || typeof rows !== "number" || !Number.isSafeInteger(rows))
    throw new RangeError("not a mark of a snapshot");
  return { state, rows, ...(whole === true && { whole }) };
}
