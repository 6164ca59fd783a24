import type { EventHeader } from "../binlog-format/events/event-header.ts";
import { binlogFileNumber } from "../../wire/binlog-file.ts";

/**
 * A position between two events of a server's binlog. Positions of different servers cannot be
 * compared.
 */
export interface BinlogPosition {
  readonly fileNumber: number;
  readonly offset: number;
}

export function isBefore(a: BinlogPosition, b: BinlogPosition): boolean {
  return a.fileNumber < b.fileNumber || (a.fileNumber === b.fileNumber && a.offset < b.offset);
}

const LOG_EVENT_ARTIFICIAL_F = 0x20;
const HEADER_RANGE = 2 ** 32;

/** Whether the server made the event for the dump only; such an event is in no file. */
export function isArtificial({ logPos, flags }: EventHeader): boolean {
  return logPos === 0 || (flags & LOG_EVENT_ARTIFICIAL_F) !== 0;
}

/**
 * The position of the present event. A transaction is never split over files, so a file can exceed
 * 4 GiB, while event headers give positions modulo 2^32. `start` and `end` are the full positions.
 */
export class EventPosition {
  /** The name of the file that is being read; "" before the server has named one. */
  file = "";
  fileNumber = 0;
  /** Where the present event starts and ends in the file, bytes. */
  start = 0;
  end = 0;
  /** The number of changes counted in the present event, of all tables. */
  rows = 0;

  get endPosition(): BinlogPosition {
    return { fileNumber: this.fileNumber, offset: this.end };
  }

  enterFile(file: string, offset: number): void {
    this.file = file;
    this.fileNumber = binlogFileNumber(file);
    this.start = offset;
    this.end = offset;
  }

  /** Moves to an event. An artificial event does not change the position. */
  advance(header: EventHeader): void {
    if (isArtificial(header)) return;
    // Without arithmetic on floating-point numbers below 4 GiB, V8 makes no object for each number.
    let end = header.logPos;
    if (this.end >= HEADER_RANGE) end += Math.floor(this.end / HEADER_RANGE) * HEADER_RANGE;
    if (end < this.end) end += HEADER_RANGE;
    this.end = end;
    this.start = end - header.length;
    this.rows = 0;
  }

  /**
   * Called when the present event must lie behind a position read earlier. A dump by GTIDs skips
   * the transactions read before, and with them perhaps the events that cross 2^32; this adds the
   * missing multiples.
   */
  isBehind(passed: { readonly file: string; readonly offset: number }): void {
    if (passed.file !== this.file || this.start >= passed.offset) return;
    const missing = Math.ceil((passed.offset - this.start) / HEADER_RANGE) * HEADER_RANGE;
    this.start += missing;
    this.end += missing;
  }
}
