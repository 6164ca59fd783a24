import { binlogFileNumber } from "../../wire/binlog-file.ts";
import { decodeFrameAs, MalformedFrameError } from "../../wire/decode-frame.ts";
import type { Frame, FrameChange, FrameHeader } from "../../wire/frame.ts";
import { type Position, positionFormatter, type PositionText } from "../../wire/position.ts";

/** A change and its position. */
export interface PositionedChange extends FrameChange {
  readonly position: PositionText;
}

/** A frame of this source whose changes are in order and between its `first` and `last`. */
export interface PositionedFrame extends Frame {
  readonly changes: readonly PositionedChange[];
}

/**
 * Parses a frame from the raw queue. Throws MalformedFrameError when the text is not a frame, when
 * the frame is of another version or source, and when it is inconsistent.
 */
export function readFrame(text: string, source: string): PositionedFrame {
  const frame = decodeFrameAs(text, (header) => changeMaker(header, source));
  const { changes, first, last } = frame;
  const isWithin =
    first <= (changes[0]?.position ?? "") && (changes.at(-1)?.position ?? "") <= last;
  if (!isWithin) throw disorder();
  return frame;
}

/** Checks the header, and then each change's place behind the one before. */
function changeMaker(
  { source, epoch, transactions, authors }: FrameHeader,
  expected: string,
): (change: FrameChange) => PositionedChange {
  if (source !== expected) throw new MalformedFrameError("the frame belongs to another source");
  if (transactions.some(({ author }) => author !== null && authors[author] === undefined)) {
    throw new MalformedFrameError(
      "a transaction refers to an author that the header does not contain",
    );
  }
  const files = fileNumbers(transactions);
  const format = positionFormatter();
  const before = { file: -1, offset: -1, row: -1 };
  return (change) => {
    const { op, transaction, table, offset, row, n, key, oldKey, before: old, after } = change;
    const file = files[transaction] ?? 0;
    if (!isBehind(file, change, before)) throw disorder();
    before.file = file;
    before.offset = offset;
    before.row = row;
    const position = positionText(format, { epoch, file, offset, row });
    return { op, transaction, table, offset, row, n, key, oldKey, before: old, after, position };
  };
}

function disorder(): MalformedFrameError {
  return new MalformedFrameError("the changes are out of order or outside the frame's positions");
}

/** Whether a change in this file is behind another place of the same epoch. */
function isBehind(
  file: number,
  { offset, row }: FrameChange,
  other: Omit<Position, "epoch">,
): boolean {
  if (file !== other.file) return file > other.file;
  return offset === other.offset ? row > other.row : offset > other.offset;
}

/** The number of each transaction's file, which is mostly that of the one before. */
function fileNumbers(transactions: FrameHeader["transactions"]): number[] {
  let latest: { readonly name: string; readonly number: number } | null = null;
  return transactions.map(({ file: name }) => {
    latest = name === latest?.name ? latest : { name, number: fileNumber(name) };
    return latest.number;
  });
}

function fileNumber(name: string): number {
  try {
    return binlogFileNumber(name);
  } catch (cause) {
    throw new MalformedFrameError("a transaction does not name a binlog file", { cause });
  }
}

function positionText(format: (place: Position) => PositionText, place: Position): PositionText {
  try {
    return format(place);
  } catch (cause) {
    throw new MalformedFrameError("a position is out of range", { cause });
  }
}
