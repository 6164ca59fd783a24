import { FRAME_VERSION } from "../../wire/frame.ts";
import { formatPosition, type PositionText } from "../../wire/position.ts";
import type { Author } from "../../wire/session.ts";
import type { RowChange, Transaction } from "../transactions/transaction.ts";
import { FrameTables } from "./frame-tables.ts";
import { headerText, TransactionTexts } from "./header-text.ts";
import type { LineBuffer } from "./line-buffer.ts";
import type { InFlightFrame } from "./in-flight-frames.ts";

/** The source, epoch and server that a frame's positions belong to. */
export interface BinlogIdentity {
  readonly source: string;
  readonly epoch: number;
  /** The life's name; null for a life from before lives had names. */
  readonly life: string | null;
  /** `@@server_uuid` of the server that is read. */
  readonly server: string;
  /** See `FrameHeader`. */
  readonly lowerCaseNames?: boolean;
}

/** A frame that accepts changes until it is sealed. Their authors are looked up only then. */
export class OpenFrame {
  readonly inFlight: InFlightFrame;
  readonly transactions: Transaction[] = [];
  readonly #tables = new FrameTables();
  readonly #ended = new Set<Transaction>();
  readonly lines: LineBuffer;
  #first: PositionText = "";
  #lastFileNumber = 0;
  #lastOffset = 0;
  #lastRow = 0;
  #changes = 0;
  /** The state before the first change of the last transaction. */
  #before = { length: 0, changes: 0, fileNumber: 0, offset: 0, row: 0 };

  /** `lines` is empty; no other frame uses it until this one is sent. */
  constructor(inFlight: InFlightFrame, lines: LineBuffer) {
    this.inFlight = inFlight;
    this.lines = lines;
  }

  /**
   * The size of the frame in UTF-8, bytes: of the changes' lines exactly, of the header's
   * transactions and tables approximately.
   */
  get bytes(): number {
    return this.lines.length + this.#tables.bytes + this.transactions.length * TRANSACTION_BYTES;
  }

  get changes(): number {
    return this.#changes;
  }

  add(epoch: number, transaction: Transaction, change: RowChange): void {
    if (this.transactions.at(-1) !== transaction) this.#begin(transaction);
    if (change.last === true) this.#ended.add(transaction);
    const { op, offset, row, n, texts } = change;
    const table = this.#tables.indexOf(change);
    this.lines.append(op, this.transactions.length - 1, table, offset, row, n, texts);
    this.#lastFileNumber = transaction.fileNumber;
    this.#lastOffset = offset;
    this.#lastRow = row;
    if (this.#changes === 0) this.#first = this.lastPosition(epoch);
    this.#changes++;
  }

  /** Removes the changes of `transaction` if it is the last one in the frame. */
  withdraw(transaction: Transaction): void {
    if (this.transactions.at(-1) !== transaction) return;
    const { length, changes, fileNumber, offset, row } = this.#before;
    this.transactions.pop();
    this.lines.truncate(length);
    this.#changes = changes;
    this.#lastFileNumber = fileNumber;
    this.#lastOffset = offset;
    this.#lastRow = row;
  }

  #begin(transaction: Transaction): void {
    this.transactions.push(transaction);
    this.#before = {
      length: this.lines.length,
      changes: this.#changes,
      fileNumber: this.#lastFileNumber,
      offset: this.#lastOffset,
      row: this.#lastRow,
    };
  }

  /**
   * Returns the frame's text in UTF-8, in the buffer of its lines; called once. `authors[i]` is the
   * author of `transactions[i]`; undefined when unknown.
   */
  seal(
    binlog: BinlogIdentity,
    chain: { readonly lane: number; readonly previous: PositionText | null },
    authors: readonly (Author | undefined)[],
  ): { readonly bytes: Buffer; readonly first: PositionText; readonly last: PositionText } {
    const first = this.#first;
    const last = this.lastPosition(binlog.epoch);
    const { distinct, indexes } = distinctAuthors(authors);
    const { epoch } = binlog;
    const texts = new TransactionTexts(epoch);
    const header = headerText(
      {
        frame: FRAME_VERSION,
        source: binlog.source,
        lane: chain.lane,
        first,
        last,
        previous: chain.previous,
        server: binlog.server,
        epoch,
        tables: this.#tables.list,
        authors: distinct,
        ...(binlog.life !== null && { life: binlog.life }),
        ...(binlog.lowerCaseNames === true && { lowerCaseNames: true }),
      },
      this.transactions.map((transaction, i) =>
        texts.of(transaction, indexes[i] ?? null, this.#ended.has(transaction)),
      ),
    );
    return { bytes: this.lines.prepend(header), first, last };
  }

  /** The position of the last change that was added. */
  lastPosition(epoch: number): PositionText {
    return formatPosition({
      epoch,
      file: this.#lastFileNumber,
      offset: this.#lastOffset,
      row: this.#lastRow,
    });
  }
}

/** The approximate size of a transaction in a frame's header. */
const TRANSACTION_BYTES = 180;

function distinctAuthors(authors: readonly (Author | undefined)[]): {
  distinct: Author[];
  indexes: (number | null)[];
} {
  const distinct: Author[] = [];
  const known = new Map<string, number>();
  /** The previous transaction's author, which is mostly the same. */
  let latest: { readonly author: Author; readonly index: number } | null = null;
  const indexes = authors.map((author) => {
    if (author === undefined) return null;
    if (latest !== null && isSame(latest.author, author)) return latest.index;
    const { user, host, attribution, snapshot } = author;
    const name = `${user}\0${host}\0${attribution}\0${snapshot?.id ?? ""}`;
    const index =
      known.get(name) ??
      distinct.push({ user, host, attribution, ...(snapshot !== undefined && { snapshot }) }) - 1;
    known.set(name, index);
    latest = { author, index };
    return index;
  });
  return { distinct, indexes };
}

function isSame(a: Author, b: Author): boolean {
  return (
    a === b ||
    (a.user === b.user &&
      a.host === b.host &&
      a.attribution === b.attribution &&
      a.snapshot?.id === b.snapshot?.id)
  );
}
