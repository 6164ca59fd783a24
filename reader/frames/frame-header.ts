import { encodeHeader, type FrameHeader } from "../../wire/frame.ts";
import { formatPosition } from "../../wire/position.ts";
import { viewOf } from "../binlog-format/view-of.ts";
import { digitsOf } from "./digits.ts";
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
  /** Where the number of the latest transaction's GTID begins, or 0, and where its time does. */
  #numberAt = 0;
  #timeAt = 0;

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
    for (let i = 0; i < transactions.length;) {
      const start = this.#length;
      const author = authorOf(i);
      this.#transaction(epoch, transactions, i, author, shared);
      const numberAt = this.#numberAt - start;
      const timeAt = this.#timeAt - start;
      const size = this.#length - start;
      const alike = countAlike(transactions, i, authorOf);
      this.#repeat(start, alike);
      for (let k = 1; k < alike; k++) {
        const at = start + k * size;
        if (numberAt > 0) this.#putNumber(transactions.gtidNumberOf(i + k), at + numberAt);
        this.#putNumber(millisecondsOf(transactions, i + k), at + timeAt);
      }
      i += alike;
    }
    if (transactions.length > 0) this.#length--;
  }

  /** Writes one transaction and a comma. */
  #transaction(
    epoch: number,
    transactions: FrameTransactions,
    index: number,
    author: number,
    shared: Shared[],
  ): void {
    const origin = transactions.originOf(index);
    const known = shared[origin];
    if (known === undefined) shared[origin] = this.#begin(transactions, index);
    else {
      this.#ensure(known.middleEnd - known.head + LONGEST_NUMBERS);
      this.#copy(known.head, known.headEnd);
      this.#numberAt = known.middle > known.headEnd ? this.#length : 0;
      if (this.#numberAt > 0) this.#number(transactions.gtidNumberOf(index));
      this.#copy(known.middle, known.middleEnd);
    }
    this.#ensure(LONGEST_NUMBERS);
    this.#timeAt = this.#length;
    this.#number(millisecondsOf(transactions, index));
    this.#put(AUTHOR);
    if (author < 0) this.#put(NULL);
    else this.#number(author);
    const { prepared } = transactions.origins[origin] ?? {};
    if (prepared !== undefined) {
      const { fileNumber: file, offset } = prepared;
      this.text(`,"preparedAt":"${formatPosition({ epoch, file, offset, row: 0 })}"`);
    }
    if (transactions.hasEnded(index)) this.text(',"ended":true');
    this.#ensure(2);
    this.#bytes[this.#length++] = CLOSING_BRACE;
    this.#bytes[this.#length++] = COMMA;
  }

  /** Writes the texts that an origin's transactions share, around the number of this one's GTID. */
  #begin(transactions: FrameTransactions, index: number): Shared {
    const { gtid = null, gtidPrefix, file, thread, run, serverId } = transactions.at(index);
    const rest = `,"file":${JSON.stringify(file)},"thread":${thread},"run":${run},"serverId":${serverId},"timestampMs":`;
    const head = this.#length;
    this.text(
      gtidPrefix === undefined ? `{"gtid":${JSON.stringify(gtid)}` : `{"gtid":"${gtidPrefix}`,
    );
    const headEnd = this.#length;
    this.#numberAt = gtidPrefix === undefined ? 0 : headEnd;
    if (gtidPrefix !== undefined) this.text(String(transactions.gtidNumberOf(index)));
    const middle = this.#length;
    this.text(gtidPrefix === undefined ? rest : `"${rest}`);
    return { head, headEnd, middle, middleEnd: this.#length };
  }

  /** Writes a whole number. */
  #number(value: number): void {
    if (!isWritable(value)) return this.text(String(value));
    this.#length = this.#putNumber(value, this.#length);
  }

  /** Writes a number of `isWritable` at `at`; returns where it ends. */
  #putNumber(value: number, at: number): number {
    const high = Math.floor(value / BILLION);
    if (high === 0) return this.#digits(value, digitsOf(value), at);
    // 2^53 has sixteen digits, so both parts have few enough for 32 bits.
    return this.#digits(value - high * BILLION, 9, this.#digits(high, digitsOf(high), at));
  }

  #digits(value: number, count: number, at: number): number {
    const bytes = this.#bytes;
    let rest = value;
    for (let to = at + count - 1; to >= at; to--) {
      const tenth = (rest / 10) >>> 0;
      bytes[to] = ZERO + rest - tenth * 10;
      rest = tenth;
    }
    return at + count;
  }

  /** Makes `times` transactions of the one that begins at `start` and was written last. */
  #repeat(start: number, times: number): void {
    const end = start + (this.#length - start) * times;
    this.#ensure(end - this.#length);
    while (this.#length < end) {
      const copied = Math.min(this.#length, start + end - this.#length);
      this.#bytes.copyWithin(this.#length, start, copied);
      this.#length += copied - start;
    }
  }

  #put(text: Buffer): void {
    const bytes = this.#bytes;
    for (let i = 0; i < text.length; i++) bytes[this.#length++] = text[i] as number;
  }

  /** Writes bytes again that were written before, four at a time. */
  #copy(start: number, end: number): void {
    const view = viewOf(this.#bytes);
    let to = this.#length;
    let from = start;
    for (; from + 4 <= end; from += 4, to += 4) view.setInt32(to, view.getInt32(from));
    for (; from < end; from++, to++) view.setInt8(to, view.getInt8(from));
    this.#length = to;
  }

  #ensure(bytes: number): void {
    if (this.#length + bytes <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#length + bytes, this.#bytes.length * 2));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}

/** How many transactions from `index` on, this one included, differ in digits only. */
function countAlike(
  transactions: FrameTransactions,
  index: number,
  authorOf: (transaction: number) => number,
): number {
  const origin = transactions.originOf(index);
  if (index + 1 === transactions.length || transactions.originOf(index + 1) !== origin) return 1;
  const number = transactions.gtidNumberOf(index);
  const time = millisecondsOf(transactions, index);
  if (!isWritable(number) || !isWritable(time)) return 1;
  const author = authorOf(index);
  const hasEnded = transactions.hasEnded(index);
  const leastNumber = leastAsLong(number);
  const leastTime = leastAsLong(time);
  let next = index + 1;
  while (
    next < transactions.length &&
    transactions.originOf(next) === origin &&
    isAsLong(transactions.gtidNumberOf(next), leastNumber) &&
    isAsLong(millisecondsOf(transactions, next), leastTime) &&
    transactions.hasEnded(next) === hasEnded &&
    authorOf(next) === author
  )
    next++;
  return next - index;
}

function millisecondsOf(transactions: FrameTransactions, index: number): number {
  return Math.floor(transactions.committedUsOf(index) / 1000);
}

/** Whether the digits of a number are written without a string of it. */
function isWritable(value: number): boolean {
  return value >= 0 && value <= Number.MAX_SAFE_INTEGER;
}

/** The least number with as many digits as `value`; 0 for one digit. */
function leastAsLong(value: number): number {
  const digits = digitsOf(value);
  return digits === 1 ? 0 : 10 ** (digits - 1);
}

/** Whether a number has as many digits as `least` of `leastAsLong`. */
function isAsLong(value: number, least: number): boolean {
  return value >= least && value < (least === 0 ? 10 : least * 10) && isWritable(value);
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
