import type { EventHeader } from "../binlog-format/events/event-header.ts";
import { binlogFileNumber } from "../../wire/binlog-file.ts";

/**
 * A position between two events of one server's binlog. Those of different servers cannot be
 * compared.
 */
export interface BinlogPosition {
  readonly fileNumber: number;
  readonly offset: number;
}

/** Whether one position lies before another one. */
export function isBefore(a: BinlogPosition, b: BinlogPosition): boolean {
  return a.fileNumber < b.fileNumber || (a.fileNumber === b.fileNumber && a.offset < b.offset);
}

const LOG_EVENT_ARTIFICIAL_F = 0x20;
const HEADER_RANGE = 2 ** 32;

/** Whether the server made an event for the dump: it is in no file. */
export function isArtificial({ logPos, flags }: EventHeader): boolean {
  return logPos === 0 || (flags & LOG_EVENT_ARTIFICIAL_F) !== 0;
}

/**
 * Where the present event lies. Event headers count bytes modulo 2^32, but a transaction is never
 * split over files, so a file may be longer; `start` and `end` count on.
 */
export class EventPosition {
  /** The name of the file that is being read, "" before the server has named one. */
  file = "";
  fileNumber = 0;
  /** Where the present event starts and ends in the file, bytes. */
  start = 0;
  end = 0;
  /** How many changes of the present event were counted, of all tables. */
  rows = 0;

  /** Where the present event ends. */
  get endPosition(): BinlogPosition {
    return { fileNumber: this.fileNumber, offset: this.end };
  }

  enterFile(file: string, offset: number): void {
    this.file = file;
    this.fileNumber = binlogFileNumber(file);
    this.start = offset;
    this.end = offset;
  }

  /** Moves to an event. Events that are in no file change nothing. */
  advance(header: EventHeader): void {
    if (isArtificial(header)) return;
    let end = header.logPos + Math.floor(this.end / HEADER_RANGE) * HEADER_RANGE;
    if (end < this.end) end += HEADER_RANGE;
    this.end = end;
    this.start = end - header.length;
    this.rows = 0;
  }

  /**
   * Called when the present event must lie behind a position passed earlier: a dump by GTIDs leaves
   * out what was read, and with it perhaps the events by which the count passes 2^32.
   */
  isBehind(passed: { readonly file: string; readonly offset: number }): void {
    if (passed.file !== this.file || this.start >= passed.offset) return;
    const missing = Math.ceil((passed.offset - this.start) / HEADER_RANGE) * HEADER_RANGE;
    this.start += missing;
    this.end += missing;
  }
}
