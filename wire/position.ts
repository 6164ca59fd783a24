/**
 * The place of a change among all changes of a source.
 *
 * `epoch` goes up when the coordinates start again (another server after a failover, `RESET BINARY
 * LOGS AND GTIDS`, an operator's reset). `file` is the number in the binlog's file name. `offset`
 * is the place in the file where the event starts, in bytes; it may exceed the 32 bits of the event
 * header. `row` numbers the changes of all tables in the event.
 */
export interface Position {
  readonly epoch: number;
  readonly file: number;
  readonly offset: number;
  readonly row: number;
}

/** A position as text. The texts sort like the positions. */
export type PositionText = string;

// The widths fit the largest possible values: MySQL's binlog numbers end at 2^31 - 1, and 10^15
// bytes is a petabyte.
const WIDTHS = { epoch: 6, file: 10, offset: 15, row: 10 } as const;
/** `ZEROS[n]` is a text of n zeros. */
const ZEROS = Array.from({ length: WIDTHS.offset + 1 }, (_, count) => "0".repeat(count));
const PATTERN = /^(\d{6})\.(\d{10})\.(\d{15})\.(\d{10})$/;

/** The sortable text of a position. Throws RangeError when a part does not fit its width. */
export function formatPosition({ epoch, file, offset, row }: Position): PositionText {
  return `${pad(epoch, WIDTHS.epoch)}.${pad(file, WIDTHS.file)}.${pad(offset, WIDTHS.offset)}.${pad(row, WIDTHS.row)}`;
}

/**
 * Returns `formatPosition`, which remembers the texts that the changes of one file and the rows of
 * one event share: most positions that are formatted one after the other belong to the same file.
 */
export function positionFormatter(): typeof formatPosition {
  let life = { epoch: NaN, file: NaN };
  let event = NaN;
  let ofFile = "";
  let ofEvent = "";
  return ({ epoch, file, offset, row }) => {
    if (file !== life.file || epoch !== life.epoch) {
      ofFile = `${pad(epoch, WIDTHS.epoch)}.${pad(file, WIDTHS.file)}.`;
      life = { epoch, file };
      event = NaN;
    }
    if (offset !== event) {
      ofEvent = `${ofFile}${pad(offset, WIDTHS.offset)}.`;
      event = offset;
    }
    return ofEvent + pad(row, WIDTHS.row);
  };
}

/** Parses a text of `formatPosition`. Throws RangeError when the text is not a position. */
export function parsePosition(text: string): Position {
  const match = PATTERN.exec(text);
  if (match === null) throw new RangeError(`not a position: ${JSON.stringify(text.slice(0, 80))}`);
  const [, epoch, file, offset, row] = match;
  return { epoch: Number(epoch), file: Number(file), offset: Number(offset), row: Number(row) };
}

/** The epoch of a position as text that sorts; "" when the text is not a position. */
export function epochOf(position: PositionText): string {
  return position.slice(0, Math.max(0, position.indexOf(".")));
}

/**
 * A position without its epoch, as text that sorts; a text that is not a position stays as it is.
 * Within one run of a server, files and offsets only grow, whichever life read them.
 */
export function withoutEpoch(position: PositionText): string {
  return position.slice(position.indexOf(".") + 1);
}

/** Whether a text has the form that `formatPosition` makes. */
export function isPosition(text: string): boolean {
  return PATTERN.test(text);
}

function pad(value: number, width: number): string {
  const text = String(value);
  const zeros = ZEROS[width - text.length];
  if (zeros === undefined || !Number.isSafeInteger(value) || value < 0) {
    throw new RangeError(`a part of the position is out of range: ${value}`);
  }
  return zeros + text;
}
