import type { Anchor } from "../transactions/transaction.ts";

export interface EventPosition {
  readonly file: string;
  readonly offset: number;
}

export interface Replication {
  readonly received: string;
  readonly isReceiving: boolean;
}

/** Queries that show whether a server has the history that was read. */
export interface BinlogEvidence {
  /** Whether `set` contains every GTID of `subset`. */
  isSubset(subset: string, set: string): Promise<boolean>;
  /** The GTIDs of `set` that are not in `others`; "" when there are none. */
  subtract(set: string, others: string): Promise<string>;
  /**
   * What the server has as a replica: the GTIDs that it has received, applied or not, and whether
   * it is connected to a server from which it receives more.
   */
  replication(): Promise<Replication>;
  /** Whether the anchor's transaction (or file beginning) is at its position. */
  stands(anchor: Anchor): Promise<boolean>;
  /**
   * The event that begins at a position; null when none does, and beyond 4 GiB, where no dump can
   * begin.
   */
  eventAt(file: string, offset: number): Promise<Anchor | null>;
  /**
   * Finds a transaction in the server's logs; null when they no longer contain it. Ask only for an
   * executed GTID: the server waits for any other.
   */
  find(gtid: string): Promise<Anchor | null>;
  /**
   * Finds a transaction between two positions, also while `gtid_mode` is not ON; null when it is
   * not there. Reads all that is between them, and throws like a dump from there.
   */
  findBetween(gtid: string, begin: EventPosition, end: EventPosition): Promise<Anchor | null>;
  /** The first event of a file; null when the server does not send it. */
  beginningOf(file: string): Promise<Anchor | null>;
  /**
   * The commit time of the last transaction that begins in the file before the offset, microseconds
   * since 1970; null when there is none.
   */
  lastCommitBefore(file: string, offset: number): Promise<number | null>;
  /**
   * Whether a transaction without a GTID begins in the file at the offset or behind it. true also
   * where that cannot be seen.
   */
  hasAnonymous(file: string, offset: number): Promise<boolean>;
  /**
   * Where the last transaction with a GTID begins in a file; null when there is none. Behind a
   * transaction without a GTID it may miss some.
   */
  lastGtidIn(file: string): Promise<number | null>;
  /**
   * The GTIDs executed before a position; with an offset beyond the file's end, including the whole
   * file.
   */
  gtidsBefore(file: string, offset: number): Promise<string>;
}

/** The offset of a file's first event, behind the magic number. */
export const FIRST_EVENT = 4;
