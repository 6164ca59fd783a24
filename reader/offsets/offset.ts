import { binlogFileNumber } from "../../wire/binlog-file.ts";
import type { PositionText } from "../../wire/position.ts";
import type { BinlogPosition } from "../transactions/binlog-position.ts";
import type { WaitingXa } from "../transactions/transaction.ts";

/** How far a source was read: where reading goes on, and what it needs to know there. */
export interface Offset {
  /** Goes up when the coordinates start again, see wire/position.ts. */
  readonly epoch: number;
  /** `@@server_uuid` of the server whose coordinates these are. */
  readonly server: string;
  /** The server run (see wire/session.ts) at that position; null before the first file was read. */
  readonly run: number | null;
  /** The executed GTIDs; null on a server without GTIDs. */
  readonly gtidSet: string | null;
  readonly file: string;
  readonly offset: number;
  /** The last position that each lane was sent, by the lane's number. */
  readonly lanes: ReadonlyMap<number, PositionText>;
  /** When the last transaction before it was committed, milliseconds since 1970; 0 when none was read. */
  readonly committedMs: number;
  /** The oldest prepared XA transaction, where the position waits for it: reading goes on where it begins. */
  readonly waiting?: WaitingXa | undefined;
}

/** An offset for people: the GTID set, or file and position. */
export function describeOffset(offset: Pick<Offset, "gtidSet" | "file" | "offset">): string {
  return offset.gtidSet ?? `${offset.file}:${offset.offset}`;
}

export function binlogPosition({ file, offset }: Offset): BinlogPosition {
  return { fileNumber: binlogFileNumber(file), offset };
}
