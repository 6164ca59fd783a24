import { isForeignRun } from "../../wire/session.ts";
import type { Transaction } from "./transaction.ts";

/**
 * Decides which transactions the server wrote in its present run. Thread ids start again at each
 * restart, so the process list is valid only for these transactions. Positions decide, not times:
 * the server's clock may have been ahead in an earlier run.
 */
export class PresentRun {
  /** The number of its first file that is known. */
  readonly #beginning: number;
  #reached = false;

  /**
   * `fileNumber`: a binlog file of the present run; all later files belong to it too. null when
   * reading ends before the present run.
   */
  constructor(fileNumber: number | null) {
    this.#beginning = fileNumber ?? Infinity;
  }

  /** Whether this server itself wrote the transaction, in its present run. */
  includes({ run, prepared, fileNumber }: Transaction): boolean {
    return !isForeignRun(run) && (prepared?.fileNumber ?? fileNumber) >= this.#beginning;
  }

  /** Called with each transaction that is read. */
  passes({ fileNumber }: Transaction): void {
    this.#reached ||= fileNumber >= this.#beginning;
  }

  /**
   * Whether reading has reached the present run. Only then the process list has the threads of the
   * transactions that are read.
   */
  get isReached(): boolean {
    return this.#reached;
  }
}
