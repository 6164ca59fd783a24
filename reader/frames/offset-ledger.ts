import type { Boundary } from "../transactions/transaction.ts";
import { GtidRuns } from "./gtid-runs.ts";

/** What became final since it was asked last. */
export interface Progress {
  /** The executed GTIDs to add, in the text form of a GTID set; "" for none. */
  readonly gtids: string;
  readonly file: string;
  readonly offset: number;
  readonly run: number | null;
  readonly committedMs: number;
}

/** A frame's place in the ledger. */
export interface LedgerEntry {
  acknowledged: boolean;
  /** The boundaries that were passed after the frame was opened, and before the next one was. */
  readonly after: OpenProgress;
}

/**
 * Moves the offset past transactions whose frames were all acknowledged, and only past those. Frames are acknowledged in
 * any order (lanes send independently); a boundary counts once every frame that was opened before it is acknowledged.
 */
export class OffsetLedger {
  readonly #entries: LedgerEntry[] = [];
  #reached = new OpenProgress();

  /** Called when a frame takes its first change. */
  open(): LedgerEntry {
    const entry = { acknowledged: false, after: new OpenProgress() };
    this.#entries.push(entry);
    return entry;
  }

  /** Called between two transactions. */
  boundary(boundary: Boundary): void {
    (this.#entries.at(-1)?.after ?? this.#reached).pass(boundary);
  }

  acknowledge(entry: LedgerEntry): void {
    entry.acknowledged = true;
    let done = 0;
    for (const head of this.#entries) {
      if (!head.acknowledged) break;
      this.#reached.add(head.after);
      done++;
    }
    this.#entries.splice(0, done);
  }

  /** Whether every frame that was opened is acknowledged. */
  get settled(): boolean {
    return this.#entries.length === 0;
  }

  /** What was reached since the last call; null when nothing was. */
  take(): Progress | null {
    const progress = this.#reached.finish();
    if (progress !== null) this.#reached = new OpenProgress();
    return progress;
  }
}

/** Boundaries that are passed together. */
class OpenProgress {
  readonly #gtids = new GtidRuns();
  #last: Boundary | null = null;

  pass(boundary: Boundary): void {
    for (const gtid of boundary.gtids) this.#gtids.add(gtid);
    this.#last = boundary;
  }

  add(later: OpenProgress): void {
    if (later.#last === null) return;
    this.#gtids.addAll(later.#gtids);
    this.#last = later.#last;
  }

  finish(): Progress | null {
    if (this.#last === null) return null;
    const { file, offset, run, committedMs } = this.#last;
    return { gtids: this.#gtids.toString(), file, offset, run, committedMs };
  }
}
