/** The subscriber and environment for which a snapshot is read. */
export interface SnapshotTarget {
  readonly id: string;
  readonly subscriber: string;
  readonly environment: string;
}

/**
 * The start or the end of a table in a snapshot: the `after` of a frame's change with `op:
 * "snapshot"`, as JSON. A mark precedes the table's first row, and another one follows its last
 * row.
 */
export type SnapshotMark =
  | { readonly state: "started" }
  | {
      readonly state: "complete";
      /**
       * The number of rows that the snapshot read from the table. The subscriber's `where` may drop
       * some of them.
       */
      readonly rows: number;
      /** This is the snapshot's last table: all tables are complete. */
      readonly whole?: true;
      /** With `whole`: the number of the snapshot's tables; earlier releases left it out. */
      readonly tables?: number;
    };

/** Parses a mark from a frame. Throws SyntaxError, RangeError. */
export function parseSnapshotMark(text: string): SnapshotMark {
  const value = JSON.parse(text) as Readonly<Record<string, unknown>> | null;
  const { state, rows, whole, tables } = value ?? {};
  if (state === "started") return { state };
  if (state !== "complete" || typeof rows !== "number" || !Number.isSafeInteger(rows))
    throw new RangeError("not a mark of a snapshot");
  return {
    state,
    rows,
    ...(whole === true && { whole }),
    ...(typeof tables === "number" && { tables }),
  };
}
