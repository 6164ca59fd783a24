import type { Frame } from "../../wire/frame.ts";

/** A change with its author as its frame gives it. */
export interface KnownChange {
  readonly op: string;
  readonly table: string;
  /** The author's user; null when the frame gives none. */
  readonly user: string | null;
  readonly attribution: string | null;
  readonly after: unknown;
}

/** The changes of frames, in order. */
export function knownChanges(frames: readonly Frame[]): KnownChange[] {
  return frames.flatMap((frame) =>
    frame.changes.map((change) => {
      const author = frame.authors[frame.transactions[change.transaction]?.author ?? -1];
      const [database, table] = frame.tables[change.table] ?? ["", ""];
      return {
        op: change.op,
        table: `${database}.${table}`,
        user: author?.user ?? null,
        attribution: author?.attribution ?? null,
        after: change.after === "" ? null : JSON.parse(change.after),
      };
    }),
  );
}
