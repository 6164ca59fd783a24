import { binlogFileNumber } from "../../wire/binlog-file.ts";
import { decodeFrame, MalformedFrameError } from "../../wire/decode-frame.ts";
import type { Frame, FrameChange } from "../../wire/frame.ts";
import { formatPosition, type PositionText } from "../../wire/position.ts";

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
  let before = "";
  const changes = frame.changes.map((change): PositionedChange => {
    const position = positionOf(epoch, files[change.transaction] ?? 0, change);
    if (position <= before || position < frame.first || position > frame.last) {
      throw new MalformedFrameError(
        "the changes are out of order or outside the frame's positions",
      );
    }
    before = position;
    return { ...change, position };
  });
  return { ...frame, changes };
}

function fileNumber(name: string): number {
  try {
    return binlogFileNumber(name);
  } catch (cause) {
    throw new MalformedFrameError("a transaction does not name a binlog file", { cause });
  }
}

function positionOf(epoch: number, file: number, { offset, row }: FrameChange): PositionText {
  try {
    return formatPosition({ epoch, file, offset, row });
  } catch (cause) {
    throw new MalformedFrameError("a position is out of range", { cause });
  }
}
