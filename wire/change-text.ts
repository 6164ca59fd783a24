import { createHash } from "node:crypto";
import { changeId, idEnd } from "./change-id.ts";
import type { FrameChange, FrameHeader, Operation } from "./frame.ts";
import type { Pieces } from "./pieces.ts";
import type { Author } from "./session.ts";
import { SharedText } from "./shared-text.ts";
import { parseSnapshotMark, type SnapshotTarget } from "./snapshot.ts";
import { TransactionTexts } from "./transaction-texts.ts";

/** What follows `idEnd` in a change's text. */
export function behindId(half: KeyChangeHalf | undefined): string {
  return half === undefined ? '",' : `/${HALVES[half]}",`;
}

/**
 * The stable id of a snapshot's row or mark. A row whose chunk is read again after a crash keeps
 * its id.
 */
function snapshotId(snapshot: string, table: string, { op, key, after }: FrameChange): string {
  const name = op === "r" ? hashOf(key === "" ? after : key) : parseSnapshotMark(after).state;
  return `snapshot/${snapshot}/${table}/${name}`;
}

/** The hash of a row's key, because keys may be long. */
function hashOf(text: string): string {
  return createHash("sha256").update(text).digest().subarray(0, 16).toString("base64url");
}

/**
 * The two halves of an update that changed the row's key. With `groupBy: "key"` each half goes to
 * the message group of its own key.
 */
export type KeyChangeHalf = "delete" | "create";

/**
 * The operation, row images and key of a change or of one half of it, as JSON texts from the frame;
 * "" for an image or key that it does not have.
 */
export interface RowTexts {
  readonly op: Operation;
  readonly before: string;
  readonly after: string;
  readonly key: string;
}

export function rowTexts(change: FrameChange, half: KeyChangeHalf | undefined): RowTexts {
  if (half === "delete") return { op: "d", before: change.before, after: "", key: change.oldKey };
  if (half === "create") return { op: "c", before: "", after: change.after, key: change.key };
  return change;
}

/** The stable id of a frame's change or of one half of it. */
export function frameChangeId(
  header: FrameHeader,
  change: FrameChange,
  { snapshot }: Author,
  half: KeyChangeHalf | undefined,
): string {
  if (snapshot !== undefined) return snapshotId(snapshot.id, tableName(header, change), change);
  const { offset, row, n } = change;
  const { gtid = null, file = "" } = header.transactions[change.transaction] ?? {};
  const id = changeId({ gtid, server: header.server, file, offset, row, n });
  // Each half needs its own id.
  return half === undefined ? id : `${id}/${HALVES[half]}`;
}

const HALVES = { delete: "d", create: "c" } as const;

function tableName({ tables }: FrameHeader, { table }: FrameChange): string {
  const [database = "", name = ""] = tables[table] ?? [];
  return `${database}.${name}`;
}

/** Writes a change or one half of it as the JSON of `Change` (message.ts), piece by piece. */
export type PutChange = (
  pieces: Pieces,
  change: FrameChange,
  author: Author,
  half: KeyChangeHalf | undefined,
) => void;

/** Returns the JSON of a change or of one half of it. */
export type WriteChange = (change: FrameChange, author: Author, half?: KeyChangeHalf) => string;

export function changeWriter(header: FrameHeader): WriteChange {
  const putChange = changePieces(header);
  return (change, author, half) => {
    const texts: string[] = [];
    const put = (piece: string) => void texts.push(piece);
    const putShared = ({ text }: SharedText) => put(text);
    putChange({ put, putText: put, putShared }, change, author, half);
    return texts.join("");
  };
}

/** The text from the author to the offset of a table's changes. */
interface PlaceText {
  readonly author: Author;
  readonly file: string;
  readonly text: SharedText;
}

/**
 * Writes the changes of one frame. Row images and keys are finished JSON texts and are copied
 * without parsing, so every digit that the reader wrote arrives. The texts that changes of one
 * transaction, table or author share are built once. Nothing is put together here: each text that
 * is made of others is garbage, for each of a frame's thousands of changes.
 */
export function changePieces(header: FrameHeader): PutChange {
  const tables = header.tables.map(
    ([db, table]) => `"source":{"db":${JSON.stringify(db)},"table":${JSON.stringify(table)},`,
  );
  const transactions = new TransactionTexts(header);
  let ofFile = { name: "", text: "" };
  /** By table, the text from a change's author to its offset: mostly that of the one before. */
  const placed: (PlaceText | undefined)[] = [];

  function textOf(file: string): string {
    if (file !== ofFile.name) {
      ofFile = { name: file, text: `"file":${JSON.stringify(file)},"pos":` };
    }
    return ofFile.text;
  }

  function authorToOffset(author: Author, table: number, file: string): SharedText {
    const known = placed[table];
    if (author === known?.author && file === known.file) return known.text;
    const { user, host, attribution } = author;
    const text = new SharedText(
      [
        `"user":${JSON.stringify(user)},"host":${JSON.stringify(host)},`,
        `"attribution":${JSON.stringify(attribution)},`,
        tables[table],
        file,
      ].join(""),
    );
    placed[table] = { author, file, text };
    return text;
  }

  return (pieces, change, author, half) => {
    const { offset, row, n } = change;
    const { gtid, file } = transactions.enter(change.transaction);
    if (author.snapshot !== undefined) {
      const id = frameChangeId(header, change, author, half);
      pieces.putText(`{"id":${JSON.stringify(id)},`);
    } else {
      transactions.putBeforeId(pieces);
      pieces.put(idEnd({ gtid, offset, row, n }));
      pieces.put(behindId(half));
    }
    putContents(pieces, change, half);
    if (author.snapshot !== undefined) {
      pieces.putText(snapshotText(header, change, author.snapshot));
    }
    pieces.putShared(authorToOffset(author, change.table, textOf(file)));
    pieces.put(String(offset));
    pieces.put(',"row":');
    pieces.put(String(row));
    transactions.putBehindRow(pieces);
  };
}

/** The JSON member `snapshot`. */
export function snapshotText(
  header: FrameHeader,
  change: FrameChange,
  snapshot: SnapshotTarget,
): string {
  const { op, n, after } = change;
  const value = {
    id: snapshot.id,
    table: tableName(header, change),
    ...(op === "r" ? { chunk: n } : parseSnapshotMark(after)),
  };
  return `"snapshot":${JSON.stringify(value)},`;
}

function putContents(pieces: Pieces, change: FrameChange, half: KeyChangeHalf | undefined): void {
  const { op, before, after, key } = rowTexts(change, half);
  pieces.put(OPENINGS[op]);
  if (op === "snapshot") return;
  if (op !== "ddl") {
    pieces.putText(before || "null");
    pieces.put(',"after":');
  }
  pieces.putText(after || "null");
  if (op !== "ddl") {
    pieces.put(',"key":');
    pieces.putText(key || "null");
  }
  pieces.put(",");
}

/** What precedes the first text of a change's own. */
const OPENINGS: Readonly<Record<Operation, string>> = {
  c: '"op":"c","before":',
  u: '"op":"u","before":',
  d: '"op":"d","before":',
  t: '"op":"t","before":',
  r: '"op":"r","before":',
  ddl: '"op":"ddl","before":null,"after":null,"key":null,"statement":',
  snapshot: '"op":"snapshot","before":null,"after":null,"key":null,',
};
