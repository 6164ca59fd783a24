import { changeId } from "../../wire/change-id.ts";
import type { FrameHeader } from "../../wire/frame.ts";
import type { Author } from "../../wire/session.ts";
import type { PositionedChange } from "../frame/read-frame.ts";

/** The two halves of an update that changed its key, when a queue's groups are keys: each half goes to its key's group. */
export type KeyChangeHalf = "delete" | "create";

/** Writes changes of one frame as the JSON of `Change` (wire/message.ts). */
export interface ChangeWriter {
  write(change: PositionedChange, author: Author, half?: KeyChangeHalf): string;
}

/**
 * Row images and keys are finished JSON texts and are put in unparsed: what the reader wrote arrives digit for digit.
 * What changes of a transaction, table or author share is written once.
 */
export function changeWriter(header: FrameHeader): ChangeWriter {
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

  function authorText(author: Author): string {
    let text = authors.get(author);
    if (text === undefined) {
      const { user, host, attribution } = author;
      text = `"user":${JSON.stringify(user)},"host":${JSON.stringify(host)},"attribution":${JSON.stringify(attribution)},`;
      authors.set(author, text);
    }
    return text;
  }

  return {
    write(change, author, half) {
      const transaction = transactions[change.transaction];
      return (
        `{"id":${JSON.stringify(idOf(change, header, half))},${contents(change, half)}` +
        `${authorText(author)}${tables[change.table]}` +
        `"file":${transaction?.file},"pos":${change.offset},"row":${change.row},${transaction?.rest}`
      );
    },
  };
}

/** A writer for several queues: the text of the change that is asked for again, or of its halves, is written once. */
export function rememberLast(writer: ChangeWriter): ChangeWriter {
  let last: PositionedChange | null = null;
  const texts = new Map<KeyChangeHalf | undefined, string>();
  return {
    write(change, author, half) {
      if (change !== last) {
        last = change;
        texts.clear();
      }
      let text = texts.get(half);
      if (text === undefined) {
        text = writer.write(change, author, half);
        texts.set(half, text);
      }
      return text;
    },
  };
}

/** The halves of a changed key need ids of their own: the change's id with `/d` and `/c` after it. */
function idOf(
  change: PositionedChange,
  header: FrameHeader,
  half: KeyChangeHalf | undefined,
): string {
  const transaction = header.transactions[change.transaction];
  const id = changeId({
    gtid: transaction?.gtid ?? null,
    file: transaction?.file ?? "",
    server: header.server,
    offset: change.offset,
    row: change.row,
    n: change.n,
  });
  return half === undefined ? id : `${id}/${half === "delete" ? "d" : "c"}`;
}

function contents(change: PositionedChange, half: KeyChangeHalf | undefined): string {
  const { op, before, after, key, oldKey } = change;
  if (op === "ddl") return `"op":"ddl","before":null,"after":null,"key":null,"statement":${after},`;
  if (half === "delete") return images("d", before, "", oldKey);
  if (half === "create") return images("c", "", after, key);
  return images(op, before, after, key);
}

function images(op: string, before: string, after: string, key: string): string {
  return `"op":"${op}","before":${before || "null"},"after":${after || "null"},"key":${key || "null"},`;
}
