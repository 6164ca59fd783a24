import { binlogFileNumber } from "../../wire/binlog-file.ts";
import { decodeFrame, MalformedFrameError } from "../../wire/decode-frame.ts";
import type { Frame, FrameChange } from "../../wire/frame.ts";
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
  const frame = decodeFrame(text);
  if (frame.source !== source) {
    throw new MalformedFrameError("the frame belongs to another source");
  }
  const { epoch, transactions, authors } = frame;
  if (transactions.some(({ author }) => author !== null && authors[author] === undefined)) {
    throw new MalformedFrameError(
      "a transaction refers to an author that the header does not contain",
    );
  }
  const files = transactions.map(({ file }) => fileNumber(file));
  const format = positionFormatter();
  let before: Position | null = null;
  const changes = frame.changes.map((change): PositionedChange => {
    const { transaction, offset, row } = change;
    const place = { epoch, file: files[transaction] ?? 0, offset, row };
    if (before !== null && !isBehind(place, before)) throw disorder();
    before = place;
    return { ...change, position: positionText(format, place) };
  });
  const [first] = changes;
  const last = changes.at(-1);
  if (first === undefined || last === undefined) throw disorder();
  if (first.position < frame.first || last.position > frame.last) throw disorder();
  return { ...frame, changes };
}

function disorder(): MalformedFrameError {
  return new MalformedFrameError("the changes are out of order or outside the frame's positions");
}

/** Whether a place of the same epoch is behind another one. */
function isBehind({ file, offset, row }: Position, other: Position): boolean {
  if (file !== other.file) return file > other.file;
  return offset === other.offset ? row > other.row : offset > other.offset;
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
