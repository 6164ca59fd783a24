import { createHash } from "node:crypto";
import type { FrameChange, FrameHeader, Operation } from "./frame.ts";
import type { Author } from "./session.ts";
import { parseSnapshotMark } from "./snapshot.ts";

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
  return coordinates.gtid === null
    ? `${coordinates.server}:${coordinates.file}:${coordinates.offset}/${coordinates.row}`
    : `${coordinates.gtid}/${coordinates.n}`;
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
  return half === undefined ? id : `${id}/${half === "delete" ? "d" : "c"}`;
}

function tableName({ tables }: FrameHeader, { table }: FrameChange): string {
  const [database = "", name = ""] = tables[table] ?? [];
  return `${database}.${name}`;
}

/** Writes a change or one half of it as the JSON of `Change` (message.ts). */
export type WriteChange = (change: FrameChange, author: Author, half?: KeyChangeHalf) => string;

/**
 * Writes the changes of one frame. Row images and keys are finished JSON texts and are copied
 * without parsing, so every digit that the reader wrote arrives. The texts that changes of one
 * transaction, table or author share are built once. The last change's text is kept, because
 * several queues ask for it.
 */
export function changeWriter(header: FrameHeader): WriteChange {
  const tables = header.tables.map(
    ([db, table]) => `"source":{"db":${JSON.stringify(db)},"table":${JSON.stringify(table)},`,
  );
  const transactions = header.transactions.map((transaction) => ({
    file: JSON.stringify(transaction.file),
    rest:
      `"gtid":${JSON.stringify(transaction.gtid)},"thread":${transaction.thread},` +
      `"server_id":${transaction.serverId},"ts_ms":${transaction.timestampMs}}}`,
  }));
  const authors = new Map<Author, string>();
  let last: FrameChange | null = null;
  const lastTexts = new Map<KeyChangeHalf | undefined, string>();

  function authorText(author: Author): string {
    let text = authors.get(author);
    if (text === undefined) {
      const { user, host, attribution } = author;
      text = `"user":${JSON.stringify(user)},"host":${JSON.stringify(host)},"attribution":${JSON.stringify(attribution)},`;
      authors.set(author, text);
    }
    return text;
  }

  /** The JSON member `snapshot`; "" for a change outside of a snapshot. */
  function snapshotText(change: FrameChange, { snapshot }: Author): string {
    if (snapshot === undefined) return "";
    const { op, n, after } = change;
    const value = {
      id: snapshot.id,
      table: tableName(header, change),
      ...(op === "r" ? { chunk: n } : parseSnapshotMark(after)),
    };
    return `"snapshot":${JSON.stringify(value)},`;
  }

  function write(change: FrameChange, author: Author, half: KeyChangeHalf | undefined): string {
    const { offset, row } = change;
    const transaction = transactions[change.transaction];
    return (
      `{"id":${JSON.stringify(frameChangeId(header, change, author, half))},` +
      `${contents(change, half)}${snapshotText(change, author)}${authorText(author)}${tables[change.table]}` +
      `"file":${transaction?.file},"pos":${offset},"row":${row},${transaction?.rest}`
    );
  }

  return (change, author, half) => {
    if (change !== last) {
      last = change;
      lastTexts.clear();
    }
    let text = lastTexts.get(half);
    if (text === undefined) {
      text = write(change, author, half);
      lastTexts.set(half, text);
    }
    return text;
  };
}

function contents(change: FrameChange, half: KeyChangeHalf | undefined): string {
  if (change.op === "ddl") {
    return `"op":"ddl","before":null,"after":null,"key":null,"statement":${change.after},`;
  }
  if (change.op === "snapshot") return '"op":"snapshot","before":null,"after":null,"key":null,';
  const { op, before, after, key } = rowTexts(change, half);
  return `"op":"${op}","before":${before || "null"},"after":${after || "null"},"key":${key || "null"},`;
}
