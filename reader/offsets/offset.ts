import { binlogFileNumber } from "../../wire/binlog-file.ts";
import { formatPosition, type PositionText } from "../../wire/position.ts";
import type { SavedSnapshots } from "../frames/snapshot-progress.ts";
import type { BinlogPosition } from "../transactions/binlog-position.ts";
import type { Anchor, KeptXa, WaitingXa } from "../transactions/transaction.ts";
import type { Life } from "./life.ts";

/** How far a source was read: where reading goes on, and what it needs to know there. */
export interface Offset extends Life {
  /** `@@server_uuid` of the server whose coordinates these are. */
  readonly server: string;
  /**
   * The server run (see wire/session.ts) at that position; null in items of earlier releases that
   * had read no file yet.
   */
  readonly run: number | null;
  /** The executed GTIDs; null on a server without GTIDs. */
  readonly gtidSet: string | null;
  readonly file: string;
  readonly offset: number;
  /**
   * Whether file and offset say where reading goes on. They do not where reading begins behind a
   * GTID set and nothing was read yet: file and offset are then the oldest that the server has.
   */
  readonly isExact: boolean;
  /**
   * By what the server's binlog is recognised as the one that was read; null in items of earlier
   * releases.
   */
  readonly anchor: Anchor | null;
  /** The last position that each lane was sent, by the lane's number. */
  readonly lanes: ReadonlyMap<number, PositionText>;
  /**
   * The epoch in which an operator had the source begin anew; undefined where nobody did. Frames
   * that were sent in earlier epochs may wait in their lanes, but the frames of this one do not
   * follow them.
   */
  readonly anewSince?: number | undefined;
  /**
   * Where reading began in this life by a first start or an operator's order: what lies before it
   * was not read in it. Undefined where reading went on from GTIDs, and in items of earlier
   * releases.
   */
  readonly begunAt?: { readonly file: string; readonly offset: number } | undefined;
  /** How many lanes there were; null in items of earlier releases. */
  readonly laneCount: number | null;
  /**
   * True: nothing was sent of what lies beyond the offset. Said when a reader ends, and taken back
   * before the next one sends.
   */
  readonly isSettled?: true | undefined;
  /**
   * When the offsets table was made that it was saved in, milliseconds since 1970; undefined in
   * items of earlier releases.
   */
  readonly tableMadeMs?: number | undefined;
  /**
   * When the last transaction before it was committed, milliseconds since 1970; 0 when none was
   * read.
   */
  readonly committedMs: number;
  /**
   * The oldest prepared XA transaction, where the position waits for it: reading goes on where it
   * begins.
   */
  readonly waiting?: WaitingXa | undefined;
  /**
   * The prepared XA transactions whose changes are kept: the position does not wait for them. None
   * in items of earlier releases.
   */
  readonly keptXa: readonly KeptXa[];
  /** Undefined before the first snapshot, and in items of earlier releases. */
  readonly snapshots?: SavedSnapshots | undefined;
}

/** An offset for people: the GTID set, or file and position. */
export function describeOffset(offset: Pick<Offset, "gtidSet" | "file" | "offset">): string {
  return offset.gtidSet ?? `${offset.file}:${offset.offset}`;
}

/** The last position of each lane that its next frame follows. */
export function followedPositions({
  lanes,
  anewSince = 0,
}: Pick<Offset, "lanes" | "anewSince">): ReadonlyMap<number, PositionText> {
  const begins = formatPosition({ epoch: anewSince, file: 0, offset: 0, row: 0 });
  return new Map([...lanes].filter(([, sent]) => sent > begins));
}

export function binlogPosition({ file, offset }: Offset): BinlogPosition {
  return { fileNumber: binlogFileNumber(file), offset };
}
