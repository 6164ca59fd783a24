import { encodeHeader, type FrameHeader } from "../../wire/frame.ts";
import { formatPosition } from "../../wire/position.ts";
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

/** The latest text of an origin. Its next transaction mostly differs in some digits only. */
interface Written {
  readonly start: number;
  readonly end: number;
  /** Where the number of the GTID begins, behind the start; 0 when it is not in parts. */
  readonly numberAt: number;
  /** The same for the time. */
  readonly timeAt: number;
  /** The least number of as many digits, see `leastAsLong`. */
  readonly leastNumber: number;
  readonly leastTime: number;
  readonly author: number;
  readonly hasEnded: boolean;
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
    /** By origin. */
    const latest: (Written | null)[] = [];
    for (let i = 0; i < transactions.length;) {
      const origin = transactions.originOf(i);
      const written = latest[origin] ?? null;
      const alike = written === null ? 0 : countAlike(transactions, i, written, authorOf);
      if (written === null || alike === 0) {
        latest[origin] = this.#transaction(epoch, transactions, i, authorOf(i));
        i++;
        continue;
      }
      const { start, end, numberAt, timeAt } = written;
      let at = this.#length;
      this.#repeat(start, end, alike);
      for (const behind = i + alike; i < behind; i++, at += end - start) {
        if (numberAt > 0) this.#putNumber(transactions.gtidNumberOf(i), at + numberAt);
        this.#putNumber(millisecondsOf(transactions, i), at + timeAt);
      }
    }
    if (transactions.length > 0) this.#length--;
  }

  /** Writes one transaction and a comma. Returns null when its digits cannot be exchanged. */
  #transaction(
    epoch: number,
    transactions: FrameTransactions,
    index: number,
    author: number,
  ): Written | null {
    const { gtid = null, gtidPrefix, file, thread, run, serverId } = transactions.at(index);
    const number = transactions.gtidNumberOf(index);
    const time = millisecondsOf(transactions, index);
    const hasEnded = transactions.hasEnded(index);
    const start = this.#length;
    let numberAt = 0;
    if (gtidPrefix === undefined) this.text(`{"gtid":${JSON.stringify(gtid)}`);
    else {
      this.text(`{"gtid":"${gtidPrefix}`);
      numberAt = this.#length - start;
      this.text(`${number}"`);
    }
    this.text(
      `,"file":${JSON.stringify(file)},"thread":${thread},"run":${run},"serverId":${serverId},"timestampMs":`,
    );
    const timeAt = this.#length - start;
    this.text(`${time},"author":${author < 0 ? null : author}`);
    const { prepared } = transactions.origins[transactions.originOf(index)] ?? {};
    if (prepared !== undefined) {
      const { fileNumber, offset } = prepared;
      const position = formatPosition({ epoch, file: fileNumber, offset, row: 0 });
      this.text(`,"preparedAt":"${position}"`);
    }
    this.text(hasEnded ? ',"ended":true},' : "},");
    if (!isWritable(number) || !isWritable(time)) return null;
    const leastNumber = leastAsLong(number);
    const leastTime = leastAsLong(time);
    return { start, end: this.#length, numberAt, timeAt, leastNumber, leastTime, author, hasEnded };
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

  /** Writes `times` times what was written from `start` to `end`. */
  #repeat(start: number, end: number, times: number): void {
    const size = end - start;
    this.#ensure(size * times);
    const first = this.#length;
    const last = first + size * times;
    this.#bytes.copyWithin(first, start, end);
    this.#length += size;
    while (this.#length < last) {
      const copied = Math.min(this.#length, first + last - this.#length);
      this.#bytes.copyWithin(this.#length, first, copied);
      this.#length += copied - first;
    }
  }

  #ensure(bytes: number): void {
    if (this.#length + bytes <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#length + bytes, this.#bytes.length * 2));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}

/** How many transactions from `index` on differ in digits only from the latest of their origin. */
function countAlike(
  transactions: FrameTransactions,
  index: number,
  { leastNumber, leastTime, author, hasEnded }: Written,
  authorOf: (transaction: number) => number,
): number {
  const origin = transactions.originOf(index);
  let next = index;
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
const BILLION = 1e9;
const ZERO = 0x30;

/** Frames are sealed one after the other, so all of them share one buffer. */
const writer = new HeaderWriter();
