import type { Transaction } from "../transactions/transaction.ts";
import type { TransactionList } from "../transactions/transaction-list.ts";

/** The columns of a transaction in `#numbers`. */
const ORIGIN = 0;
const GTID_NUMBER = 1;
const START = 2;
const COMMITTED_US = 3;
const ENDED = 4;
const COLUMNS = 5;
const FIRST_CAPACITY = 16;

/**
 * The transactions of a frame, as numbers in one array. A frame can have thousands of small
 * transactions, which stay until it is packed: as objects, the garbage collector would copy them
 * several times.
 */
export class FrameTransactions implements TransactionList {
  readonly origins: Transaction[] = [];
  #numbers = new Float64Array(FIRST_CAPACITY * COLUMNS);
  #length = 0;
  /** The latest origin of each thread id that further transactions may have. */
  readonly #byThread = new Map<number, number>();

  get length(): number {
    return this.#length;
  }

  push(transaction: Transaction): void {
    const at = this.#length * COLUMNS;
    if (at === this.#numbers.length) {
      const larger = new Float64Array(2 * at);
      larger.set(this.#numbers);
      this.#numbers = larger;
    }
    const numbers = this.#numbers;
    numbers[at + ORIGIN] = this.#originFor(transaction);
    numbers[at + GTID_NUMBER] = transaction.gtidNumber ?? 0;
    numbers[at + START] = transaction.start;
    numbers[at + COMMITTED_US] = transaction.committedUs;
    numbers[at + ENDED] = 0;
    this.#length++;
  }

  /** Removes the last transaction, and its origin if it was the first of it. */
  pop(): void {
    const origin = this.originOf(this.#length - 1);
    const { start, thread } = this.origins[origin] as Transaction;
    if (start === this.#numbers[(this.#length - 1) * COLUMNS + START]) {
      this.origins.pop();
      if (this.#byThread.get(thread) === origin) this.#byThread.delete(thread);
    }
    this.#length--;
  }

  /** Called when the frame contains the last change of the last transaction. */
  end(): void {
    this.#numbers[(this.#length - 1) * COLUMNS + ENDED] = 1;
  }

  clear(): void {
    this.#length = 0;
    this.origins.length = 0;
    this.#byThread.clear();
  }

  originOf(index: number): number {
    return this.#numbers[index * COLUMNS + ORIGIN] as number;
  }

  /** The number at the end of its GTID; 0 when the GTID is not in parts. */
  gtidNumberOf(index: number): number {
    return this.#numbers[index * COLUMNS + GTID_NUMBER] as number;
  }

  /** Microseconds since 1970. */
  committedUsOf(index: number): number {
    return this.#numbers[index * COLUMNS + COMMITTED_US] as number;
  }

  /** Whether the frame contains its last change, see `FrameTransaction`. */
  hasEnded(index: number): boolean {
    return this.#numbers[index * COLUMNS + ENDED] === 1;
  }

  at(index: number): Transaction {
    const first = this.origins[this.originOf(index)] as Transaction;
    const start = this.#numbers[index * COLUMNS + START] as number;
    if (first.start === start) return first;
    const committedUs = this.committedUsOf(index);
    if (first.gtidPrefix === undefined) return { ...first, start, committedUs };
    return { ...first, gtidNumber: this.gtidNumberOf(index), start, committedUs };
  }

  #originFor(transaction: Transaction): number {
    const { thread } = transaction;
    const latest = this.#byThread.get(thread);
    if (latest !== undefined && isSame(this.origins[latest] as Transaction, transaction))
      return latest;
    const origin = this.origins.push(transaction) - 1;
    if (isOrdinary(transaction)) this.#byThread.set(thread, origin);
    return origin;
  }
}

/** Whether all that distinguishes it from others of its connection is in the columns. */
function isOrdinary(transaction: Transaction): boolean {
  const { gtid, gtidPrefix, author, prepared, isGenerated } = transaction;
  return (
    (gtid === null || gtidPrefix !== undefined) &&
    author === undefined &&
    prepared === undefined &&
    isGenerated === undefined
  );
}

/** Whether an ordinary transaction and another one have the same origin. */
function isSame(ordinary: Transaction, other: Transaction): boolean {
  return (
    ordinary.gtidPrefix === other.gtidPrefix &&
    ordinary.thread === other.thread &&
    ordinary.run === other.run &&
    ordinary.serverId === other.serverId &&
    ordinary.file === other.file &&
    ordinary.tag === other.tag &&
    isOrdinary(other)
  );
}
