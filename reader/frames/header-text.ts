import { encodeHeader, type FrameHeader } from "../../wire/frame.ts";
import { formatPosition } from "../../wire/position.ts";
import type { Transaction } from "../transactions/transaction.ts";

const NO_TRANSACTIONS = '"transactions":[]';

/**
 * The line of a frame's header, as `encodeHeader` writes it. `texts`: the results of
 * `transactionText`. A frame can have thousands of small transactions, so they are written as text
 * without an object for each.
 */
export function headerText(
  header: Omit<FrameHeader, "transactions">,
  texts: readonly string[],
): string {
  const { frame, source, lane, first, last, previous, server, epoch, ...rest } = header;
  const text = encodeHeader({
    frame,
    source,
    lane,
    first,
    last,
    previous,
    server,
    epoch,
    transactions: [],
    ...rest,
  });
  // Quotes inside JSON strings are escaped, so the first match is the key itself.
  const end = text.indexOf(NO_TRANSACTIONS) + NO_TRANSACTIONS.length - 1;
  return `${text.slice(0, end)}${texts.join(",")}${text.slice(end)}`;
}

/** The JSON of a `FrameTransaction`, which explains `author`. */
export function transactionText(
  epoch: number,
  transaction: Transaction,
  author: number | null,
  ended: boolean,
): string {
  const { gtid, file, thread, run, serverId, committedUs, prepared } = transaction;
  const preparedAt =
    prepared === undefined
      ? ""
      : `,"preparedAt":"${formatPosition({ epoch, file: prepared.fileNumber, offset: prepared.offset, row: 0 })}"`;
  return (
    `{"gtid":${JSON.stringify(gtid)},"file":${JSON.stringify(file)},"thread":${thread},"run":${run},` +
    `"serverId":${serverId},"timestampMs":${Math.floor(committedUs / 1000)},"author":${author}` +
    `${preparedAt}${ended ? ',"ended":true' : ""}}`
  );
}
