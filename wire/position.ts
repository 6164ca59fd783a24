/**
 * Where a change stands among all changes of a source.
 *
 * `epoch` goes up when the coordinates start again (another server after a failover, `RESET BINARY
 * LOGS AND GTIDS`, an operator's reset); `file` is the number in the binlog's file name; `offset`
 * is where the event starts in that file, in bytes (kept beyond the 32 bits of the event header);
 * `row` counts the changes inside that event, of all tables.
 */
export interface Position {
  readonly epoch: number;
  readonly file: number;
  readonly offset: number;
  readonly row: number;
}

/** A position as text. Comparing two of them as strings compares the positions. */
export type PositionText = string;

// The widths hold the largest values that exist: MySQL's binlog numbers end at 2^31 - 1, and 10^15
// bytes is a petabyte.
const WIDTHS = { epoch: 6, file: 10, offset: 15, row: 10 } as const;
/** So many zeros, by number. */
const ZEROS = Array.from({ length: WIDTHS.offset + 1 }, (_, count) => "0".repeat(count));
const PATTERN = /^(\d{6})\.(\d{10})\.(\d{15})\.(\d{10})$/;

/** The sortable text of a position. Throws RangeError when a part does not fit its width. */
export function formatPosition({ epoch, file, offset, row }: Position): PositionText {
  return `${pad(epoch, WIDTHS.epoch)}.${pad(file, WIDTHS.file)}.${pad(offset, WIDTHS.offset)}.${pad(row, WIDTHS.row)}`;
}

/**
 * The position that a text of `formatPosition` stands for. Throws RangeError when it is not one.
 */
export function parsePosition(text: string): Position {
  const match = PATTERN.exec(text);
  if (match === null) throw new RangeError(`not a position: ${JSON.stringify(text.slice(0, 80))}`);
  const [, epoch, file, offset, row] = match;
  return { epoch: Number(epoch), file: Number(file), offset: Number(offset), row: Number(row) };
}

/** The epoch of a position, as text that sorts; "" of what is not a position. */
export function epochOf(position: PositionText): string {
  return position.slice(0, Math.max(0, position.indexOf(".")));
}

/** Whether a text is one that `formatPosition` makes. */
export function isPosition(text: string): boolean {
  return PATTERN.test(text);
}

function pad(value: number, width: number): string {
  const text = String(value);
  const zeros = ZEROS[width - text.length];
  if (zeros === undefined || !Number.isSafeInteger(value) || value < 0) {
    throw new RangeError(`position part out of range: ${value}`);
  }
  return zeros + text;
}
