import { isForeignRun } from "../../wire/session.ts";
import { type BinlogPosition, isBefore } from "./binlog-position.ts";
import { type Transaction, writingOf } from "./transaction.ts";

/**
 * Which transactions were written in the run in which the server is now. Thread ids start again
 * when a server restarts, so only about these may its process list be asked. Positions decide, not
 * times: a server's clock may have been ahead in an earlier run.
 */
export class PresentRun {
  readonly #beginning: BinlogPosition;
  #reached = false;

  /** `fileNumber`: of a binlog file that belongs to the run with all that follow it. */
  constructor(fileNumber: number) {
    this.#beginning = { fileNumber, offset: 0 };
  }

  /**
   * Whether the server that was asked wrote the transaction itself, and did so in its present run.
   */
  includes(transaction: Transaction): boolean {
    if (isForeignRun(transaction.run)) return false;
    return !isBefore(writingOf(transaction), this.#beginning);
  }

  /** Called with each transaction that is read. */
  passes({ fileNumber, start }: Transaction): void {
    this.#reached ||= !isBefore({ fileNumber, offset: start }, this.#beginning);
  }

  /**
   * Whether reading has come to the present run: only then the process list is about the threads
   * that are read.
   */
  get isReached(): boolean {
    return this.#reached;
  }
}
