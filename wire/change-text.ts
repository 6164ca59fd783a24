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
  return idStart(coordinates) + idEnd(coordinates);
}

/** What the ids of a transaction's changes have in common. */
function idStart({ gtid, server, file }: Pick<ChangeCoordinates, "gtid" | "server" | "file">) {
  return gtid === null ? `${server}:${file}:` : `${gtid}/`;
}

function idEnd({ gtid, offset, row, n }: Omit<ChangeCoordinates, "server" | "file">): string {
  return gtid === null ? `${offset}/${row}` : String(n);
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

/** Writes a change or one half of it as the JSON of `Change` (message.ts). */
export type WriteChange = (change: FrameChange, author: Author, half?: KeyChangeHalf) => string;

/**
 * Writes the changes of one frame. Row images and keys are finished JSON texts and are copied
 * without parsing, so every digit that the reader wrote arrives. The texts that changes of one
 * transaction, table or author share are built once. The last change's text is kept, because
 * several queues ask for it.
 *
 * V8 puts a text together only when its characters are needed. So nothing here needs them: a
 * message's text is put together once, with all its changes.
 */
export function changeWriter(header: FrameHeader): WriteChange {
  const { server } = header;
  const tables = header.tables.map(
    ([db, table]) => `"source":{"db":${JSON.stringify(db)},"table":${JSON.stringify(table)},`,
  );
  const transactions = header.transactions.map(({ gtid, file, thread, serverId, timestampMs }) => ({
    gtid,
    beforeId: `{"id":${openString(idStart({ gtid, server, file }))}`,
    file: `"file":${JSON.stringify(file)},"pos":`,
    behindRow:
      `,"gtid":${JSON.stringify(gtid)},"thread":${thread},` +
      `"server_id":${serverId},"ts_ms":${timestampMs}}}`,
  }));
  /** The text from a change's author to its offset, the same for most consecutive changes. */
  let shared = { author: null as Author | null, transaction: -1, table: -1, text: "" };

  function authorToOffset(author: Author, transaction: number, table: number): string {
    if (author !== shared.author || transaction !== shared.transaction || table !== shared.table) {
      const { user, host, attribution } = author;
      const text = [
        `"user":${JSON.stringify(user)},"host":${JSON.stringify(host)},`,
        `"attribution":${JSON.stringify(attribution)},`,
        tables[table],
        transactions[transaction]?.file,
      ].join("");
      shared = { author, transaction, table, text };
    }
    return shared.text;
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

  function idText(change: FrameChange, author: Author, half: KeyChangeHalf | undefined): string {
    const transaction = transactions[change.transaction];
    if (author.snapshot !== undefined || transaction === undefined) {
      return `{"id":${JSON.stringify(frameChangeId(header, change, author, half))},`;
    }
    const { gtid, beforeId } = transaction;
    const { offset, row, n } = change;
    return `${beforeId}${idEnd({ gtid, offset, row, n })}${half === undefined ? '",' : `/${HALVES[half]}",`}`;
  }

  let latest: FrameChange | null = null;
  let latestText = "";

  function write(change: FrameChange, author: Author, half: KeyChangeHalf | undefined): string {
    const { offset, row, transaction, table } = change;
    return (
      idText(change, author, half) +
      contents(change, half) +
      snapshotText(change, author) +
      `${authorToOffset(author, transaction, table)}${offset},"row":${row}${transactions[transaction]?.behindRow}`
    );
  }

  return (change, author, half) => {
    if (half !== undefined) return write(change, author, half);
    if (change !== latest) {
      latestText = write(change, author, half);
      latest = change;
    }
    return latestText;
  };
}

/** A JSON string without its closing quote. */
function openString(text: string): string {
  return JSON.stringify(text).slice(0, -1);
}

function contents(change: FrameChange, half: KeyChangeHalf | undefined): string {
  if (change.op === "ddl") {
    return `"op":"ddl","before":null,"after":null,"key":null,"statement":${change.after},`;
  }
  if (change.op === "snapshot") return '"op":"snapshot","before":null,"after":null,"key":null,';
  const { op, before, after, key } = rowTexts(change, half);
  return `"op":"${op}","before":${before || "null"},"after":${after || "null"},"key":${key || "null"},`;
}
