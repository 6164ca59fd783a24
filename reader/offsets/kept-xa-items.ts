import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { type Item, map, NULL, number, numberOf, text, textOf } from "../../wire/attributes.ts";
import type { Attribution, Author } from "../../wire/session.ts";
import { type KeptXa, type Transaction, gtidOf } from "../transactions/transaction.ts";

/** Encodes an offset's kept XA transactions as an attribute of the reader's item. */
export function keptXaAttribute(kept: readonly KeptXa[]): AttributeValue {
  return {
    L: kept.map(({ xid, transaction, key }) =>
      map([
        ["xid", text(xid)],
        ["key", text(key)],
        ["transaction", transactionAttribute(transaction)],
      ]),
    ),
  };
}

/** Decodes the kept XA transactions; items of earlier releases have none. */
export function keptXaOf(item: Item): readonly KeptXa[] {
  return (item["keptXa"]?.L ?? []).map(({ M: kept = {} }) => ({
    xid: textOf(kept, "xid") ?? "",
    key: textOf(kept, "key") ?? "",
    transaction: transactionOf(kept["transaction"]?.M ?? {}),
  }));
}

function transactionAttribute(transaction: Transaction): AttributeValue {
  const { tag, author } = transaction;
  const gtid = gtidOf(transaction);
  return map([
    ["gtid", gtid === null ? NULL : text(gtid)],
    ...(tag === undefined ? [] : [["tag", text(tag)] as const]),
    ["file", text(transaction.file)],
    ["fileNumber", number(transaction.fileNumber)],
    ["start", number(transaction.start)],
    ["thread", number(transaction.thread)],
    ["run", number(transaction.run)],
    ["serverId", number(transaction.serverId)],
    ["committedUs", number(transaction.committedUs)],
    ...(author === undefined ? [] : [["author", authorAttribute(author)] as const]),
  ]);
}

function transactionOf(item: Item): Transaction {
  const tag = textOf(item, "tag");
  return {
    gtid: textOf(item, "gtid") ?? null,
    ...(tag !== undefined && { tag }),
    file: textOf(item, "file") ?? "",
    fileNumber: numberOf(item, "fileNumber") ?? 0,
    start: numberOf(item, "start") ?? 0,
    thread: numberOf(item, "thread") ?? 0,
    run: numberOf(item, "run") ?? 0,
    serverId: numberOf(item, "serverId") ?? 0,
    committedUs: numberOf(item, "committedUs") ?? 0,
    ...(item["author"] !== undefined && { author: authorOf(item["author"]) }),
  };
}

function authorAttribute(author: Author | null): AttributeValue {
  if (author === null) return NULL;
  return map([
    ["user", text(author.user)],
    ["host", text(author.host)],
    ["attribution", text(author.attribution)],
  ]);
}

function authorOf({ M: author }: AttributeValue): Author | null {
  if (author === undefined) return null;
  return {
    user: textOf(author, "user") ?? "",
    host: textOf(author, "host") ?? "",
    attribution: (textOf(author, "attribution") ?? "sweep") as Attribution,
  };
}
