import type { BinlogPosition } from "../transactions/binlog-position.ts";

/** A position in the stream between two transactions. */
export interface StreamPosition extends BinlogPosition {
  readonly file: string;
}
