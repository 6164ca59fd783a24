import { binlogFileNumber } from "../../wire/binlog-file.ts";
import { formatPosition, type PositionText } from "../../wire/position.ts";
import type { SavedSnapshots } from "../frames/snapshot-progress.ts";
import type { SavedNames } from "../statements/saved-names.ts";
import type { BinlogPosition } from "../transactions/binlog-position.ts";
import type { Anchor, KeptXa, WaitingXa } from "../transactions/transaction.ts";
import type { Life } from "./life.ts";
import type { OwnRuns } from "./own-runs.ts";

/**
 * How far a source was read: the position at which reading continues, and the state that it needs
 * there.
 */
export interface Offset extends Life {
  /** `@@server_uuid` of the server to which file and offset belong. */
  readonly server: string;
  /**
   * The server run (see wire/session.ts) at this position; null in items of earlier releases that
   * had read no file yet.
   */
  readonly run: number | null;
  /** The executed GTIDs; null on a server without GTIDs. */
  readonly gtidSet: string | null;
  readonly file: string;
  readonly offset: number;
  /**
   * Whether reading continues at file and offset. False when reading begins behind a GTID set and
   * nothing was read yet: they are then the oldest position of the server.
   */
  readonly isExact: boolean;
  /**
   * The file before which no unread transaction without a GTID is passed over by a dump behind
   * `gtidSet`; undefined once something was read, when the dump begins at file and offset, and in
   * items of earlier releases.
   */
  readonly searchedTo?: string | undefined;
  /**
   * The event by which the reader recognises the binlog that it has read; null in items of earlier
   * releases, and when the server has no such event.
   */
  readonly anchor: Anchor | null;
  /** The last position that was sent in each lane, by the lane's number. */
  readonly lanes: ReadonlyMap<number, PositionText>;
  /**
   * The epoch of the last new start that an operator ordered; undefined when there was none. Frames
   * of earlier epochs may still wait in their lanes, but the frames since then do not follow them.
   */
  readonly anewSince?: number | undefined;
  /**
   * Where this life began, by a first start or an operator's order; nothing before it was read in
   * this life. undefined when the life began behind GTIDs, and in items of earlier releases.
   */
  readonly begunAt?: { readonly file: string; readonly offset: number } | undefined;
  /**
   * undefined when this life went on where the former one had ended, and in items of earlier
   * releases.
   */
  readonly ownRuns?: OwnRuns | undefined;
  /** The number of lanes used; null before the first attempt, and in items of earlier releases. */
  readonly laneCount: number | null;
  /**
   * The position from which on this number of lanes was used in this life: with another number,
   * everything before it was sent and delivered. undefined when the number did not change, and in
   * items of earlier releases.
   */
  readonly lanesSince?: PositionText | undefined;
  /**
   * true: nothing beyond the offset was sent. Set when a reader ends, and removed before the next
   * one sends.
   */
  readonly isSettled?: true | undefined;
  /**
   * When the offsets table of this offset was created, milliseconds since 1970; undefined in items
   * of earlier releases.
   */
  readonly tableMadeMs?: number | undefined;
  /**
   * The commit time of the last transaction that was read, milliseconds since 1970; 0 when none was
   * read.
   */
  readonly committedMs: number;
  /**
   * The oldest prepared XA transaction that holds the position back at its beginning; undefined
   * when there is none.
   */
  readonly waiting?: WaitingXa | undefined;
  /**
   * The prepared XA transactions whose changes are in the payload bucket; they do not hold the
   * position back. Empty in items of earlier releases.
   */
  readonly keptXa: readonly KeptXa[];
  /**
   * The snapshots' state; undefined before the first snapshot, and in items of earlier releases.
   */
  readonly snapshots?: SavedSnapshots | undefined;
  /**
   * The former names of tables and columns on which filters depend; undefined when there are none,
   * and in items of earlier releases.
   */
  readonly names?: SavedNames | undefined;
}

/** An offset as a readable text: the GTID set, or file and position. */
export function describeOffset(offset: Pick<Offset, "gtidSet" | "file" | "offset">): string {
  return offset.gtidSet ?? `${offset.file}:${offset.offset}`;
}

/**
 * The position that the next frame of each lane follows. Lanes without frames since the last new
 * start are absent.
 */
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
