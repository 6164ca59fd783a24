/** A position between two events of one server's binlog. Those of different servers cannot be compared. */
export interface BinlogPosition {
  readonly fileNumber: number;
  readonly offset: number;
}

/** Whether one position lies before another one. */
export function isBefore(a: BinlogPosition, b: BinlogPosition): boolean {
  return a.fileNumber < b.fileNumber || (a.fileNumber === b.fileNumber && a.offset < b.offset);
}
