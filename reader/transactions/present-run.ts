import { binlogFileNumber } from "../../wire/binlog-file.ts";
import type { Transaction } from "./transaction.ts";

export interface RunEvidence {
  readonly serverId: number;
  /** The end of the binlog when the server was asked. */
  readonly file: string;
  readonly offset: number;
  /** A moment at which the run had begun for certain; the server's clock, microseconds since 1970. */
  readonly startedUs: number;
}

/**
 * Which transactions were written in the run in which the server is now. Thread ids start again when a server restarts, so
 * only about these may its process list be asked.
 */
export class PresentRun {
  readonly #evidence: RunEvidence;
  readonly #fileNumber: number;
  #reached = false;

  constructor(evidence: RunEvidence) {
    this.#evidence = evidence;
    this.#fileNumber = binlogFileNumber(evidence.file);
  }

  /**
   * Whether the server that was asked wrote the transaction itself, and did so in its present run: after the place where
   * its binlog ended when it was asked, or at a time when it had started.
   */
  includes({ serverId, fileNumber, start, committedUs }: Transaction): boolean {
    const { offset, startedUs } = this.#evidence;
    if (serverId !== this.#evidence.serverId) return false;
    const later =
      fileNumber > this.#fileNumber || (fileNumber === this.#fileNumber && start >= offset);
    return later || committedUs > startedUs;
  }

  /** Told of each transaction of the stream. */
  passes(transaction: Transaction): void {
    this.#reached ||= this.includes(transaction);
  }

  /** Whether the stream has come to the present run: what the process list shows now is about the stream's threads. */
  get isReached(): boolean {
    return this.#reached;
  }
}
