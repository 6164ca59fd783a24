import { binlogFileNumber } from "../wire/binlog-file.ts";
import { BinlogInterruptedError } from "./reporting/errors.ts";
import { type BinlogPosition, isBefore } from "./transactions/binlog-position.ts";

/**
 * Compares now and then how far the binlog was read with where it ends. After RESET BINARY LOGS AND
 * GTIDS the server lets a running dump wait at a position that never comes: it says nothing of it,
 * and sends heartbeats.
 */
export class ProgressWatch {
  /** What was read and the end, by the last look. */
  #last: { readonly read: BinlogPosition; readonly end: BinlogPosition } | null = null;
  /**
   * Whether what is read follows the end: a dump behind GTIDs passes over what was read before,
   * without a word.
   */
  #follows: boolean;

  /** `isFromPosition`: the dump began at a file and an offset. */
  constructor(isFromPosition: boolean) {
    this.#follows = isFromPosition;
  }

  /**
   * Throws BinlogInterruptedError when the binlog ends before what was read, or when nothing was
   * read since the last look though more was there by then.
   */
  async look(
    reading: BinlogPosition,
    isPaused: boolean,
    askEnd: () => Promise<{ file: string; offset: number }>,
  ): Promise<void> {
    if (reading.fileNumber === 0) return;
    const read = { fileNumber: reading.fileNumber, offset: reading.offset };
    const { file, offset } = await askEnd();
    const end = { fileNumber: binlogFileNumber(file), offset };
    const last = this.#last;
    this.#last = isPaused ? null : { read, end };
    if (isBefore(end, read))
      throw new BinlogInterruptedError(
        `the binlog ends at ${file}:${offset}, before what was read of it: it was reset`,
      );
    if (last === null || isPaused) return;
    if (isBefore(last.read, read)) this.#follows = true;
    else if (this.#follows && isBefore(read, last.end))
      throw new BinlogInterruptedError("the server has more binlog and does not send it");
  }
}
