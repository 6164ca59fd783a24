import { binlogFileNumber } from "../wire/binlog-file.ts";
import { BinlogInterruptedError } from "./reporting/errors.ts";
import { type BinlogPosition, isBefore } from "./transactions/binlog-position.ts";

/**
 * Periodically compares the read position with the end of the binlog. After RESET BINARY LOGS AND
 * GTIDS a running dump waits for ever at a position that no longer exists, while the server still
 * sends heartbeats and reports no error.
 */
export class ProgressWatch {
  /** The read position and the end of the binlog at the last look. */
  #last: {
    readonly read: BinlogPosition;
    readonly end: BinlogPosition;
    readonly isExcused: boolean;
  } | null = null;
  /**
   * Whether the read position has advanced. A dump by GTIDs first skips what was read before, and
   * the server sends no event for it.
   */
  #follows: boolean;

  /** `isFromPosition`: the dump began at a file and an offset. */
  constructor(isFromPosition: boolean) {
    this.#follows = isFromPosition;
  }

  /**
   * Throws BinlogInterruptedError when the binlog ends before the read position, or when nothing
   * was read since the last look although the binlog already went further then. `isExcused`: the
   * reader has paused, or an event is still arriving.
   */
  async look(
    reading: BinlogPosition,
    isExcused: boolean,
    askEnd: () => Promise<{ file: string; offset: number }>,
  ): Promise<void> {
    if (reading.fileNumber === 0) return;
    const read = { fileNumber: reading.fileNumber, offset: reading.offset };
    const { file, offset } = await askEnd();
    const end = { fileNumber: binlogFileNumber(file), offset };
    const last = this.#last;
    this.#last = { read, end, isExcused };
    if (isBefore(end, read))
      throw new BinlogInterruptedError(
        `the binlog ends at ${file}:${offset}, before the position that was read: it was reset`,
      );
    if (last === null) return;
    if (isBefore(last.read, read)) this.#follows = true;
    else if (this.#follows && !last.isExcused && !isExcused && isBefore(read, last.end))
      throw new BinlogInterruptedError("the server has more binlog and does not send it");
  }
}
