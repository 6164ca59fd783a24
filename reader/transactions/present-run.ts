import { isForeignRun } from "../../wire/session.ts";
import { type BinlogPosition, isBefore } from "./binlog-position.ts";
import { type Transaction, writingOf } from "./transaction.ts";

/**
 * Decides which transactions the server wrote in its present run. Thread ids start again at each
 * restart, so the process list is valid only for these transactions. Positions decide, not times:
 * the server's clock may have been ahead in an earlier run.
 */
export class PresentRun {
  readonly #beginning: BinlogPosition;
  #reached = false;

  /**
   * `fileNumber`: a binlog file of the present run; all later files belong to it too. null when
   * reading ends before the present run.
   */
  constructor(fileNumber: number | null) {
    this.#beginning = { fileNumber: fileNumber ?? Infinity, offset: 0 };
  }

  /** Whether this server itself wrote the transaction, in its present run. */
  includes(transaction: Transaction): boolean {
    if (isForeignRun(transaction.run)) return false;
    return !isBefore(writingOf(transaction), this.#beginning);
  }

  /** Called with each transaction that is read. */
  passes({ fileNumber, start }: Transaction): void {
    this.#reached ||= !isBefore({ fileNumber, offset: start }, this.#beginning);
  }

  /**
   * Whether reading has reached the present run. Only then the process list has the threads of the
   * transactions that are read.
   */
  get isReached(): boolean {
    return this.#reached;
  }
}
