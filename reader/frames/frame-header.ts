import { encodeHeader, type FrameHeader } from "../../wire/frame.ts";
import { formatPosition } from "../../wire/position.ts";
import type { FrameTransactions } from "./frame-transactions.ts";

const NO_TRANSACTIONS = '"transactions":[]';

/**
 * The line of a frame's header in UTF-8, as `encodeHeader` writes it, and a line feed. It is valid
 * until the next call. `authorOf`: the index of a transaction's author, see `FrameTransaction`; -1
 * when the author is unknown.
 */
export function headerLine(
  header: Omit<FrameHeader, "transactions">,
  transactions: FrameTransactions,
  authorOf: (transaction: number) => number,
): Buffer {
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
  writer.clear();
  writer.text(text.slice(0, end));
  writer.transactions(epoch, transactions, authorOf);
  writer.text(text.slice(end));
  writer.text("\n");
  return writer.written;
}

/** Where the texts that the transactions of an origin share were written for its first one. */
interface Shared {
  /** From the beginning to the number of the GTID. */
  readonly head: number;
  readonly headEnd: number;
  /** From there to the time. */
  readonly middle: number;
  readonly middleEnd: number;
}

/**
 * Writes transactions as the JSON of a `FrameTransaction`. A frame can have thousands of small
 * ones, so they become bytes without a string for each.
 */
class HeaderWriter {
  #bytes = Buffer.allocUnsafe(FIRST_BYTES);
  #length = 0;

  get written(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  clear(): void {
    this.#length = 0;
    if (this.#bytes.length > KEPT_BYTES) this.#bytes = Buffer.allocUnsafe(FIRST_BYTES);
  }

  text(text: string): void {
    this.#ensure(text.length * 3);
    this.#length += this.#bytes.write(text, this.#length, "utf8");
  }

  transactions(
    epoch: number,
    transactions: FrameTransactions,
    authorOf: (transaction: number) => number,
  ): void {
    const shared: Shared[] = [];
    for (let i = 0; i < transactions.length; i++) {
      const origin = transactions.originOf(i);
      const known = shared[origin];
      if (known === undefined) shared[origin] = this.#begin(transactions, i);
      else {
        this.#ensure(known.middleEnd - known.head + LONGEST_NUMBERS);
        this.#copy(known.head, known.headEnd);
        if (known.middle > known.headEnd) this.#number(transactions.gtidNumberOf(i));
        this.#copy(known.middle, known.middleEnd);
      }
      this.#ensure(LONGEST_NUMBERS);
      this.#number(Math.floor(transactions.committedUsOf(i) / 1000));
      this.#put(AUTHOR);
      const author = authorOf(i);
      if (author < 0) this.#put(NULL);
      else this.#number(author);
      const { prepared } = transactions.origins[origin] ?? {};
      if (prepared !== undefined) {
        const { fileNumber: file, offset } = prepared;
        this.text(`,"preparedAt":"${formatPosition({ epoch, file, offset, row: 0 })}"`);
      }
      if (transactions.hasEnded(i)) this.text(',"ended":true');
      this.#ensure(2);
      this.#bytes[this.#length++] = CLOSING_BRACE;
      this.#bytes[this.#length++] = COMMA;
    }
    if (transactions.length > 0) this.#length--;
  }

  /** Writes the texts that an origin's transactions share, around the number of this one's GTID. */
  #begin(transactions: FrameTransactions, index: number): Shared {
    const { gtid, gtidPrefix, file, thread, run, serverId } = transactions.at(index);
    const rest = `,"file":${JSON.stringify(file)},"thread":${thread},"run":${run},"serverId":${serverId},"timestampMs":`;
    const head = this.#length;
    this.text(
      gtidPrefix === undefined ? `{"gtid":${JSON.stringify(gtid)}` : `{"gtid":"${gtidPrefix}`,
    );
    const headEnd = this.#length;
    if (gtidPrefix !== undefined) this.text(String(transactions.gtidNumberOf(index)));
    const middle = this.#length;
    this.text(gtidPrefix === undefined ? rest : `"${rest}`);
    return { head, headEnd, middle, middleEnd: this.#length };
  }

  /** Writes a whole number. */
  #number(value: number): void {
    if (!(value >= 0 && value <= Number.MAX_SAFE_INTEGER)) return this.text(String(value));
    const high = Math.floor(value / BILLION);
    if (high === 0) return this.#digits(value, digitsOf(value));
    // 2^53 has sixteen digits, so both parts have few enough for 32 bits.
    this.#digits(high, digitsOf(high));
    this.#digits(value - high * BILLION, 9);
  }

  #digits(value: number, count: number): void {
    const bytes = this.#bytes;
    this.#length += count;
    let rest = value;
    for (let to = this.#length - 1, left = count; left > 0; left--, to--) {
      const tenth = (rest / 10) >>> 0;
      bytes[to] = ZERO + rest - tenth * 10;
      rest = tenth;
    }
  }

  #put(text: Buffer): void {
    const bytes = this.#bytes;
    for (let i = 0; i < text.length; i++) bytes[this.#length++] = text[i] as number;
  }

  /** Writes bytes again that were written before. */
  #copy(start: number, end: number): void {
    const bytes = this.#bytes;
    let to = this.#length;
    for (let from = start; from < end; from++) bytes[to++] = bytes[from] as number;
    this.#length = to;
  }

  #ensure(bytes: number): void {
    if (this.#length + bytes <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#length + bytes, this.#bytes.length * 2));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}

function digitsOf(value: number): number {
  let digits = 1;
  for (let bound = 10; value >= bound; bound *= 10) digits++;
  return digits;
}

const FIRST_BYTES = 4096;
const KEPT_BYTES = 2 * 1024 * 1024;
/** Room for the numbers of a transaction and the short texts around them, bytes. */
const LONGEST_NUMBERS = 128;
const BILLION = 1e9;
const ZERO = 0x30;
const COMMA = 0x2c;
const CLOSING_BRACE = 0x7d;
const AUTHOR = Buffer.from(',"author":');
const NULL = Buffer.from("null");

/** Frames are sealed one after the other, so all of them share one buffer. */
const writer = new HeaderWriter();
