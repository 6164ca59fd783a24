import { encodeHeader, type FrameHeader } from "../../wire/frame.ts";
import { formatPosition } from "../../wire/position.ts";
import type { Transaction } from "../transactions/transaction.ts";

const NO_TRANSACTIONS = '"transactions":[]';

/**
 * The line of a frame's header, as `encodeHeader` writes it, and a line feed. `texts`: the results
 * of `TransactionTexts`. A frame can have thousands of small transactions, so they are written as
 * text without an object for each.
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
  const pieces = [...texts];
  pieces[0] = `${text.slice(0, end)}${pieces[0] ?? ""}`;
  pieces[pieces.length - 1] += `${text.slice(end)}\n`;
  // Of texts put together by concatenation, V8 makes another copy when they are written.
  return pieces.join(",");
}

/** Writes transactions as the JSON of a `FrameTransaction`. */
export class TransactionTexts {
  readonly #epoch: number;
  /** The fields between GTID and time, which mostly are those of the transaction before. */
  #middle = "";
  #latest: Transaction | null = null;

  constructor(epoch: number) {
    this.#epoch = epoch;
  }

  /** `author`, `ended`: see `FrameTransaction`. */
  of(transaction: Transaction, author: number | null, ended: boolean): string {
    const { gtid, committedUs, prepared } = transaction;
    const text = `{"gtid":${JSON.stringify(gtid)}${this.#middleOf(transaction)}${Math.floor(committedUs / 1000)},"author":${author}`;
    if (prepared === undefined) return ended ? `${text},"ended":true}` : `${text}}`;
    const { fileNumber, offset } = prepared;
    const position = formatPosition({ epoch: this.#epoch, file: fileNumber, offset, row: 0 });
    return `${text},"preparedAt":"${position}"${ended ? ',"ended":true' : ""}}`;
  }

  #middleOf(transaction: Transaction): string {
    const { file, thread, run, serverId } = transaction;
    const latest = this.#latest;
    this.#latest = transaction;
    const isSame =
      latest !== null &&
      latest.thread === thread &&
      latest.run === run &&
      latest.serverId === serverId &&
      latest.file === file;
    if (!isSame)
      this.#middle = `,"file":${JSON.stringify(file)},"thread":${thread},"run":${run},"serverId":${serverId},"timestampMs":`;
    return this.#middle;
  }
}
