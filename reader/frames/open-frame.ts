import { FRAME_VERSION, MESSAGE_BYTES } from "../../wire/frame.ts";
import { formatPosition, type PositionText } from "../../wire/position.ts";
import type { Author } from "../../wire/session.ts";
import type { RowChange, Transaction } from "../transactions/transaction.ts";
import { EnvelopeSize } from "./envelope-size.ts";
import { FrameTables } from "./frame-tables.ts";
import { headerLine } from "./frame-header.ts";
import { FrameTransactions } from "./frame-transactions.ts";
import { LineBuffer } from "./line-buffer.ts";
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

/** The memory of a frame, which the next one uses again. */
export class FrameParts {
  readonly lines = new LineBuffer();
  readonly transactions = new FrameTransactions();

  clear(): void {
    this.lines.clear();
    this.transactions.clear();
  }
}

/** A frame that accepts changes until it is sealed. Their authors are looked up only then. */
export class OpenFrame {
  readonly inFlight: InFlightFrame;
  readonly transactions: FrameTransactions;
  readonly #tables = new FrameTables();
  readonly #envelopes: EnvelopeSize;
  readonly parts: FrameParts;
  readonly lines: LineBuffer;
  /** The transaction of the last change. */
  #latest: Transaction | null = null;
  #first: PositionText = "";
  #lastFileNumber = 0;
  #lastOffset = 0;
  #lastRow = 0;
  #changes = 0;
  /** The state before the first change of the last transaction. */
  readonly #before = { length: 0, changes: 0, fileNumber: 0, offset: 0, row: 0 };

  /**
   * `parts` are empty; no other frame uses them until this one is packed. `authorBytes`: see
   * `EnvelopeSize`.
   */
  constructor(inFlight: InFlightFrame, parts = new FrameParts(), authorBytes = 0) {
    this.inFlight = inFlight;
    this.#envelopes = new EnvelopeSize(authorBytes);
    this.parts = parts;
    this.lines = parts.lines;
    this.transactions = parts.transactions;
  }

  /**
   * The size of the frame in UTF-8, bytes: of the changes' lines exactly, of the header's
   * transactions and tables approximately.
   */
  get bytes(): number {
    return this.lines.length + this.#tables.bytes + this.transactions.length * TRANSACTION_BYTES;
  }

  /** The size of the changes in plain messages, bytes, approximately. */
  get messageBytes(): number {
    return this.#envelopes.bytes;
  }

  get changes(): number {
    return this.#changes;
  }

  add(epoch: number, transaction: Transaction, change: RowChange): void {
    if (this.#latest !== transaction) this.#begin(transaction);
    if (change.last === true) this.transactions.end();
    const { op, offset, row, n, texts } = change;
    const table = this.#tables.indexOf(change);
    const before = this.lines.length;
    this.lines.append(op, this.transactions.length - 1, table, offset, row, n, texts);
    this.#envelopes.add(this.lines.length - before, change);
    this.#lastFileNumber = transaction.fileNumber;
    this.#lastOffset = offset;
    this.#lastRow = row;
    if (this.#changes === 0) this.#first = this.lastPosition(epoch);
    this.#changes++;
  }

  /** Removes the changes of `transaction` if it is the last one in the frame. */
  withdraw(transaction: Transaction): void {
    if (this.#latest !== transaction) return;
    this.#latest = null;
    const { length, changes, fileNumber, offset, row } = this.#before;
    this.transactions.pop();
    this.lines.truncate(length);
    this.#changes = changes;
    this.#lastFileNumber = fileNumber;
    this.#lastOffset = offset;
    this.#lastRow = row;
  }

  #begin(transaction: Transaction): void {
    this.#latest = transaction;
    this.transactions.push(transaction);
    this.#envelopes.begin(transaction);
    const before = this.#before;
    before.length = this.lines.length;
    before.changes = this.#changes;
    before.fileNumber = this.#lastFileNumber;
    before.offset = this.#lastOffset;
    before.row = this.#lastRow;
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
    const header = headerLine(
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
        idsByChanges: true,
        messageBytes: MESSAGE_BYTES,
      },
      this.transactions,
      (i) => indexes[i] ?? -1,
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

/** `indexes[i]`: where `authors[i]` is in `distinct`; -1 when it is undefined. */
function distinctAuthors(authors: readonly (Author | undefined)[]): {
  distinct: Author[];
  indexes: Int32Array;
} {
  const distinct: Author[] = [];
  const indexes = new Int32Array(authors.length).fill(-1);
  const known = new Map<string, number>();
  /** The previous transaction's author, which is mostly the same. */
  let latest: Author | undefined;
  let index = -1;
  for (let i = 0; i < authors.length; i++) {
    const author = authors[i];
    if (author === undefined) continue;
    if (latest === undefined || !isSame(latest, author)) {
      const { user, host, attribution, snapshot } = author;
      const name = `${user}\0${host}\0${attribution}\0${snapshot?.id ?? ""}`;
      index =
        known.get(name) ??
        distinct.push({ user, host, attribution, ...(snapshot !== undefined && { snapshot }) }) - 1;
      known.set(name, index);
      latest = author;
    }
    indexes[i] = index;
  }
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
