import { binlogFileNumber } from "../../wire/binlog-file.ts";
import type { ServerState } from "../source/server-state.ts";
import { type BinlogPosition, isBefore } from "./binlog-position.ts";
import type { Transaction } from "./transaction.ts";

/** What the server said when it was asked. */
export type RunEvidence = Pick<ServerState, "serverId" | "file" | "offset" | "startedUs">;

/**
 * Which transactions were written in the run in which the server is now. Thread ids start again when a server restarts, so
 * only about these may its process list be asked.
 */
export class PresentRun {
  readonly #evidence: RunEvidence;
  readonly #end: BinlogPosition;
  #reached = false;

  constructor(evidence: RunEvidence) {
    this.#evidence = evidence;
    this.#end = { fileNumber: binlogFileNumber(evidence.file), offset: evidence.offset };
  }

  /**
   * Whether the server that was asked wrote the transaction itself, and did so in its present run: after the position where
   * its binlog ended when it was asked, or at a time when it had started.
   */
  includes({ serverId, fileNumber, start, committedUs }: Transaction): boolean {
    if (serverId !== this.#evidence.serverId) return false;
    const isLater = !isBefore({ fileNumber, offset: start }, this.#end);
    return isLater || committedUs > this.#evidence.startedUs;
  }

  /** Called with each transaction that is read. */
  passes(transaction: Transaction): void {
    this.#reached ||= this.includes(transaction);
  }

  /** Whether reading has come to the present run: only then the process list is about the threads that are read. */
  get isReached(): boolean {
    return this.#reached;
  }
}
