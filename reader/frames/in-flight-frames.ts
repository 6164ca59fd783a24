import type { Anchor, Boundary } from "../transactions/transaction.ts";
import { GtidIntervals } from "./gtid-intervals.ts";

/** What became final since it was asked last. */
export interface Progress {
  /** The executed GTIDs to add, in the text form of a GTID set; "" for none. */
  readonly gtids: string;
  readonly file: string;
  readonly offset: number;
  readonly run: number | null;
  /** The transaction that was read last. */
  readonly anchor: Anchor | null;
  readonly committedMs: number;
  /** See `Boundary`. */
  readonly held?: Boundary["held"];
  readonly keptXa: Boundary["keptXa"];
}

/** A frame that is not acknowledged yet, or that waits for one opened before it. */
export interface InFlightFrame {
  acknowledged: boolean;
  /** The boundaries that were passed after the frame was opened, and before the next one was. */
  readonly after: OpenProgress;
}

/**
 * Moves the offset past transactions whose frames were all acknowledged, and only past those. Frames are acknowledged in
 * any order (lanes send independently); a boundary counts once every frame that was opened before it is acknowledged.
 */
export class InFlightFrames {
  readonly #frames: InFlightFrame[] = [];
  #reached = new OpenProgress();

  /** Called when a frame takes its first change. */
  open(): InFlightFrame {
    const frame = { acknowledged: false, after: new OpenProgress() };
    this.#frames.push(frame);
    return frame;
  }

  /** Called between two transactions. */
  boundary(boundary: Boundary): void {
    (this.#frames.at(-1)?.after ?? this.#reached).pass(boundary);
  }

  acknowledge(frame: InFlightFrame): void {
    frame.acknowledged = true;
    let done = 0;
    for (const head of this.#frames) {
      if (!head.acknowledged) break;
      this.#reached.add(head.after);
      done++;
    }
    this.#frames.splice(0, done);
  }

  /** Whether every frame that was opened is acknowledged. */
  get settled(): boolean {
    return this.#frames.length === 0;
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
  readonly #gtids = new GtidIntervals();
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
    return { ...this.#last, gtids: this.#gtids.toString() };
  }
}
