import { ReadAnchor } from "../transactions/read-anchor.ts";
import type { Anchor, Boundary } from "../transactions/transaction.ts";
import { GtidIntervals } from "./gtid-intervals.ts";
import type { SnapshotStep } from "./snapshot-progress.ts";

/** The progress that became final since the last call of `take`. */
export interface Progress {
  /** The executed GTIDs to add, in the text form of a GTID set; "" for none. */
  readonly gtids: string;
  readonly file: string;
  readonly offset: number;
  readonly run: number | null;
  /** The last transaction that was read. */
  readonly anchor: Anchor | null;
  readonly committedMs: number;
  /** See `Boundary`. */
  readonly held: Boundary["held"];
  readonly keptXa: Boundary["keptXa"];
  readonly names: Boundary["names"];
}

/** A frame that is not acknowledged, or whose predecessor is not. */
export interface InFlightFrame {
  acknowledged: boolean;
  /** The boundaries passed after this frame was opened and before the next one was. */
  readonly after: OpenProgress;
}

/**
 * Determines how far the offset can move: past the transactions whose frames are all acknowledged.
 * Lanes send independently, so frames are acknowledged in any order. A boundary counts once every
 * frame that was opened before it is acknowledged.
 */
export class InFlightFrames {
  readonly #frames: InFlightFrame[] = [];
  #reached = new OpenProgress();
  /** The newest frame at the time of the stream's last change. */
  #changed: InFlightFrame | null = null;

  /** Called when a frame takes its first change. */
  open(): InFlightFrame {
    const frame = { acknowledged: false, after: new OpenProgress() };
    this.#frames.push(frame);
    return frame;
  }

  /**
   * Called after a change of the stream was added to a frame. The rows of a snapshot do not count.
   */
  change(): void {
    this.#changed = this.#frames.at(-1) ?? null;
  }

  /** Called between two transactions. */
  boundary(boundary: Boundary): void {
    (this.#frames.at(-1)?.after ?? this.#reached).pass(boundary);
  }

  /** Called after the rows of a snapshot's chunk. */
  snapshot(step: SnapshotStep): void {
    (this.#frames.at(-1)?.after ?? this.#reached).step(step);
  }

  /** Resolves when every frame opened so far is acknowledged. */
  sent(): Promise<void> {
    const frame = this.#frames.at(-1);
    if (frame === undefined) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    frame.after.waiting.push(resolve);
    return promise;
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
    if (done > 0) this.#reached.tell();
  }

  /** Whether every frame that was opened is acknowledged. */
  get settled(): boolean {
    return this.#frames.length === 0;
  }

  /** Whether every change of the stream is acknowledged. */
  get areChangesSettled(): boolean {
    return this.#changed === null || !this.#frames.includes(this.#changed);
  }

  /** The progress and snapshot steps that were reached since the last call. */
  take(): { readonly progress: Progress | null; readonly steps: readonly SnapshotStep[] } {
    const reached = this.#reached;
    this.#reached = new OpenProgress();
    return { progress: reached.finish(), steps: reached.steps };
  }
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Boundaries that are passed together. */
class OpenProgress {
  readonly #gtids = new GtidIntervals();
  #hasPassed = false;
  /** The last boundary's, if it has one. */
  readonly #anchor = new ReadAnchor();
  #hasAnchor = false;
  /** The last boundary. */
  readonly #last: Mutable<Omit<Progress, "gtids" | "anchor">> = {
    file: "",
    offset: 0,
    run: null,
    committedMs: 0,
    held: undefined,
    keptXa: [],
    names: undefined,
  };
  /** The latest step of each snapshot, by its id. */
  readonly #steps = new Map<string, SnapshotStep>();
  /** Called when the boundaries are reached. */
  readonly waiting: (() => void)[] = [];

  get steps(): readonly SnapshotStep[] {
    return [...this.#steps.values()];
  }

  step(step: SnapshotStep): void {
    this.#steps.delete(step.progress.id);
    this.#steps.set(step.progress.id, step);
  }

  tell(): void {
    for (const onReached of this.waiting.splice(0)) onReached();
  }

  pass(boundary: Boundary): void {
    this.#gtids.addExecuted(boundary);
    this.#reach(boundary, boundary.anchor);
  }

  add(later: OpenProgress): void {
    for (const step of later.#steps.values()) this.step(step);
    this.waiting.push(...later.waiting);
    if (!later.#hasPassed) return;
    this.#gtids.addAll(later.#gtids);
    this.#reach(later.#last, later.#hasAnchor ? later.#anchor : null);
  }

  finish(): Progress | null {
    if (!this.#hasPassed) return null;
    const anchor = this.#hasAnchor ? this.#anchor.kept() : null;
    return { ...this.#last, anchor, gtids: this.#gtids.toString() };
  }

  #reach(
    boundary: Omit<Boundary, "executed" | "alsoExecuted" | "anchor">,
    anchor: Anchor | null,
  ): void {
    this.#hasPassed = true;
    const last = this.#last;
    last.file = boundary.file;
    last.offset = boundary.offset;
    last.run = boundary.run;
    last.committedMs = boundary.committedMs;
    last.held = boundary.held;
    last.keptXa = boundary.keptXa;
    last.names = boundary.names;
    this.#hasAnchor = anchor !== null;
    if (anchor !== null) this.#anchor.copy(anchor);
  }
}
