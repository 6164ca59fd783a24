import { createHash } from "node:crypto";
import type { FrameChange, FrameHeader, Operation } from "./frame.ts";
import type { Author } from "./session.ts";
import { SharedText } from "./shared-text.ts";
import { parseSnapshotMark, type SnapshotTarget } from "./snapshot.ts";

/** What identifies a change; the same for every reader that reads it again. */
interface ChangeCoordinates {
  readonly gtid: string | null;
  readonly server: string;
  readonly file: string;
  readonly offset: number;
  readonly row: number;
  /** The change's number inside its transaction. */
  readonly n: number;
}

/**
 * The stable id of a change: `<gtid>/<n>`, or `<server uuid>:<file>:<offset>/<row>` on a server
 * without GTIDs.
 */
export function changeId(coordinates: ChangeCoordinates): string {
  return idStart(coordinates) + idEnd(coordinates);
}

/** What the ids of a transaction's changes have in common. */
export function idStart({
  gtid,
  server,
  file,
}: Pick<ChangeCoordinates, "gtid" | "server" | "file">): string {
  return gtid === null ? `${server}:${file}:` : `${gtid}/`;
}

export function idEnd({
  gtid,
  offset,
  row,
  n,
}: Omit<ChangeCoordinates, "server" | "file">): string {
  return gtid === null ? `${offset}/${row}` : String(n);
}

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

/** Takes the pieces of a text, in order. */
export interface Pieces {
  put(piece: string): void;
  /** The same, for a piece with characters of the database's text. */
  putText(piece: string): void;
  putShared(piece: SharedText): void;
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

/** The texts that changes of one transaction share. */
interface TransactionTexts {
  readonly gtid: string | null;
  readonly beforeId: SharedText;
  readonly file: string;
  readonly behindRow: SharedText;
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
  const { server } = header;
  const tables = header.tables.map(
    ([db, table]) => `"source":{"db":${JSON.stringify(db)},"table":${JSON.stringify(table)},`,
  );
  const transactions: (TransactionTexts | undefined)[] = [];
  let ofFile = { name: "", text: "" };
  /** By table, the text from a change's author to its offset: mostly that of the one before. */
  const placed: (PlaceText | undefined)[] = [];

  function textsOf(index: number): TransactionTexts {
    const known = transactions[index];
    if (known !== undefined) return known;
    const transaction = header.transactions[index];
    if (transaction === undefined) throw new RangeError("the change has no transaction");
    const { gtid, file, thread, serverId, timestampMs } = transaction;
    if (file !== ofFile.name) {
      ofFile = { name: file, text: `"file":${JSON.stringify(file)},"pos":` };
    }
    return (transactions[index] = {
      gtid,
      beforeId: new SharedText(`{"id":${openString(idStart({ gtid, server, file }))}`),
      file: ofFile.text,
      behindRow: new SharedText(
        `,"gtid":${JSON.stringify(gtid)},"thread":${thread},` +
          `"server_id":${serverId},"ts_ms":${timestampMs}}}`,
      ),
    });
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
    const texts = textsOf(change.transaction);
    if (author.snapshot !== undefined) {
      const id = frameChangeId(header, change, author, half);
      pieces.putText(`{"id":${JSON.stringify(id)},`);
    } else {
      pieces.putShared(texts.beforeId);
      pieces.put(idEnd({ gtid: texts.gtid, offset, row, n }));
      pieces.put(behindId(half));
    }
    putContents(pieces, change, half);
    if (author.snapshot !== undefined) {
      pieces.putText(snapshotText(header, change, author.snapshot));
    }
    pieces.putShared(authorToOffset(author, change.table, texts.file));
    pieces.put(String(offset));
    pieces.put(',"row":');
    pieces.put(String(row));
    pieces.putShared(texts.behindRow);
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

/** A JSON string without its closing quote. */
export function openString(text: string): string {
  return JSON.stringify(text).slice(0, -1);
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
