import type { Anchor } from "../transactions/transaction.ts";

/** Queries that show whether a server has the history that was read. */
export interface BinlogEvidence {
  /** Whether `set` contains every GTID of `subset`. */
  isSubset(subset: string, set: string): Promise<boolean>;
  /** Whether the anchor's transaction (or file beginning) is at its position. */
  stands(anchor: Anchor): Promise<boolean>;
  /**
   * Finds a transaction that the server has executed in its logs; null when they no longer contain
   * it.
   */
  find(gtid: string): Promise<Anchor | null>;
  /** The first event of a file; null when the server does not send it. */
  beginningOf(file: string): Promise<Anchor | null>;
  /**
   * The GTIDs executed before a position; with an offset beyond the file's end, including the whole
   * file.
   */
  gtidsBefore(file: string, offset: number): Promise<string>;
}

/** The offset of a file's first event, behind the magic number. */
export const FIRST_EVENT = 4;
