import { idEnd, idStart } from "./change-id.ts";
import {
  behindId,
  frameChangeId,
  type KeyChangeHalf,
  rowTexts,
  snapshotText,
} from "./change-text.ts";
import { ChangeLinks, type Predecessor } from "./compact-links.ts";
import type { FrameChange, FrameHeader, Operation } from "./frame.ts";
import { openString, type Pieces } from "./pieces.ts";
import type { Author } from "./session.ts";
import { SharedText } from "./shared-text.ts";

/** Takes the pieces of a compact text. */
export interface CompactPieces extends Pieces {
  /** Counts bytes (UTF-8) that the change would have in an envelope, and does not have here. */
  omit(bytes: number): void;
}

/**
 * Writes a change, or one half of it, as it follows `previous` in a message of version 3
 * (docs/message-format.md); null: as the message's first change.
 */
export type PutCompact = (
  pieces: CompactPieces,
  change: FrameChange,
  author: Author,
  half: KeyChangeHalf | undefined,
  previous: Predecessor | null,
) => void;

/** Writes the changes of one frame. As in an envelope, row images are copied without parsing. */
export function compactPieces(header: FrameHeader): PutCompact {
  const { server } = header;
  const links = new ChangeLinks(header);
  let start: IdStart | null = null;

  function idStartOf(index: number): IdStart {
    if (start?.transaction === index) return start;
    const { gtid = null, file = "" } = header.transactions[index] ?? {};
    if (gtid === null) {
      const text = new SharedText(`{"id":${openString(idStart({ gtid, server, file }))}`);
      return (start = { transaction: index, gtid, text, omitted: 0 });
    }
    const omitted = Buffer.byteLength(JSON.stringify(gtid)) - QUOTES;
    return (start = { transaction: index, gtid, text: CONTINUED_ID, omitted });
  }

  return (pieces, change, author, half, previous) => {
    const { transaction, offset, row, n } = change;
    if (author.snapshot !== undefined) {
      const id = frameChangeId(header, change, author, half);
      pieces.putText(`{"id":${JSON.stringify(id)},`);
    } else {
      const { gtid, text, omitted } = idStartOf(transaction);
      pieces.putShared(text);
      pieces.omit(omitted);
      pieces.put(idEnd({ gtid, offset, row, n }));
      pieces.put(behindId(half));
    }
    putContents(pieces, change, half);
    if (author.snapshot !== undefined) {
      pieces.putText(snapshotText(header, change, author.snapshot));
    }
    const { beforePos, behindRow, omitted } = links.of(change, author, previous);
    pieces.putShared(beforePos);
    pieces.omit(omitted);
    const pos = String(offset);
    if (offset === previous?.change.offset) {
      pieces.omit(POS.length + pos.length + 1);
    } else {
      pieces.put(POS);
      pieces.put(pos);
      pieces.put(",");
    }
    pieces.put('"row":');
    pieces.put(String(row));
    pieces.putShared(behindRow);
  };
}

/** What precedes the end of the ids of a transaction's changes. */
interface IdStart {
  readonly transaction: number;
  readonly gtid: string | null;
  readonly text: SharedText;
  readonly omitted: number;
}

/** The id of a change in a transaction with a GTID begins where the GTID ends. */
const CONTINUED_ID = new SharedText('{"id":"/');
const QUOTES = 2;
const POS = '"pos":';

function putContents(
  pieces: CompactPieces,
  change: FrameChange,
  half: KeyChangeHalf | undefined,
): void {
  const { op, before, after, key } = rowTexts(change, half);
  pieces.put(OPENINGS[op]);
  if (op === "ddl" || op === "snapshot") {
    pieces.omit(NULLS);
    if (op === "snapshot") return;
    putMember(pieces, '"statement":', after || "null");
    return;
  }
  putMember(pieces, '"before":', before);
  putMember(pieces, '"after":', after);
  putMember(pieces, '"key":', key);
}

function putMember(pieces: CompactPieces, name: string, value: string): void {
  if (value === "") {
    pieces.omit(name.length + NULL.length);
    return;
  }
  pieces.put(name);
  pieces.putText(value);
  pieces.put(",");
}

const NULL = "null,";
const NULLS = '"before":null,"after":null,"key":null,'.length;

const OPENINGS: Readonly<Record<Operation, string>> = {
  c: '"op":"c",',
  u: '"op":"u",',
  d: '"op":"d",',
  t: '"op":"t",',
  r: '"op":"r",',
  ddl: '"op":"ddl",',
  snapshot: '"op":"snapshot",',
};
