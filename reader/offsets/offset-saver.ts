import { GtidSet } from "@vlasky/zongji";
import type { PositionText } from "../../wire/position.ts";
import type { InFlightFrames } from "../frames/in-flight-frames.ts";
import { afterStep, type SavedSnapshots } from "../frames/snapshot-progress.ts";
import { LeaseLostError } from "../reporting/errors.ts";
import { describeError, type Log } from "../reporting/log.ts";
import type { BinlogPosition } from "../transactions/binlog-position.ts";
import { settledAt } from "./lane-layout.ts";
import { binlogPosition, followedPositions, type Offset } from "./offset.ts";

export interface OffsetSaverOptions {
  readonly offset: Offset;
  readonly takeProgress: InFlightFrames["take"];
  readonly laneCount: number;
  /** See `settledAt`. */
  readonly unsure: BinlogPosition | null;
  readonly lanes: () => ReadonlyMap<number, PositionText>;
  /**
   * Records sessions before the offset is saved. `readTo`: the position up to which the binlog was
   * read; it may lie beyond the offset.
   */
  readonly before: (offset: Offset, readTo: BinlogPosition) => Promise<void>;
  /** Throws LeaseLostError. */
  readonly write: (offset: Offset) => Promise<void>;
  readonly onSaved: (offset: Offset) => void;
  readonly log: Log;
}

/**
 * Moves the offset past the acknowledged transactions, and saves it. After a failed save, the next
 * one writes everything.
 */
export class OffsetSaver {
  readonly #options: OffsetSaverOptions;
  #offset: Offset;
  #readTo: BinlogPosition;
  #unsaved = false;
  readonly #onSaved: (() => void)[] = [];

  constructor(options: OffsetSaverOptions) {
    this.#options = options;
    this.#offset = options.offset;
    this.#readTo = binlogPosition(options.offset);
  }

  get offset(): Offset {
    return this.#offset;
  }

  /** Changes the snapshots' state in the offset. Resolves after the next save. */
  async changeSnapshots(
    change: (saved: SavedSnapshots | undefined) => SavedSnapshots,
  ): Promise<void> {
    this.#offset = { ...this.#offset, snapshots: change(this.#offset.snapshots) };
    await this.saved();
  }

  /** Resolves after the next save of the offset. */
  saved(): Promise<void> {
    this.#unsaved = true;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onSaved.push(resolve);
    return promise;
  }

  /**
   * Saves the offset at the end of an attempt whose frames are all acknowledged. Throws like
   * `save`.
   */
  async settle(): Promise<void> {
    await this.save();
    // The lanes may have sent a part of a transaction whose end was not read.
    const { lanes, laneCount, unsure } = this.#options;
    const reached: Offset = { ...this.#offset, lanes: lanes(), laneCount };
    const isSettled = settledAt(reached, unsure) ? true : undefined;
    this.#offset = { ...reached, isSettled };
    this.#unsaved = true;
    await this.save();
  }

  /**
   * Saves the progress since the last call. Throws LeaseLostError; other errors are logged, and the
   * next call tries again.
   */
  async save(): Promise<void> {
    const { takeProgress, lanes, before, write, onSaved, log } = this.#options;
    const { progress, steps } = takeProgress();
    this.#noticeLanes(lanes(), steps.length > 0);
    for (const step of steps) {
      this.#offset = { ...this.#offset, snapshots: afterStep(this.#offset.snapshots, step) };
      this.#unsaved = true;
    }
    if (progress !== null) {
      const { gtids, held, anchor, ...reached } = progress;
      const { gtidSet } = this.#offset;
      this.#offset = {
        ...this.#offset,
        ...reached,
        isExact: true,
        searchedTo: undefined,
        anchor: anchor ?? this.#offset.anchor,
        gtidSet: gtidSet === null ? null : joinGtidSets(gtidSet, gtids),
        lanes: lanes(),
        laneCount: this.#options.laneCount,
        waiting: held?.by,
      };
      this.#readTo = held?.readTo ?? binlogPosition(this.#offset);
      this.#unsaved = true;
    }
    if (!this.#unsaved) return;
    const saving = this.#offset;
    const waiting = this.#onSaved.splice(0);
    this.#unsaved = false;
    try {
      await before(saving, this.#readTo);
      await write(saving);
    } catch (error) {
      this.#unsaved = true;
      this.#onSaved.unshift(...waiting);
      if (error instanceof LeaseLostError) throw error;
      log.warn(
        { error: describeError(error) },
        "the offset could not be saved; the reader will try again",
      );
      return;
    }
    for (const resolve of waiting) resolve();
    onSaved(saving);
  }

  /**
   * Saves the lanes' positions although the offset did not move, because only rows of a snapshot
   * were sent: with the snapshot's progress, and once a lane has its first position. The next
   * attempt sends these rows at other positions, and the route function takes a lane's second frame
   * only behind a position.
   */
  #noticeLanes(lanes: ReadonlyMap<number, PositionText>, hasSteps: boolean): void {
    const { anewSince } = this.#offset;
    const known = followedPositions(this.#offset).size;
    if (!hasSteps && followedPositions({ lanes, anewSince }).size === known) return;
    this.#offset = { ...this.#offset, lanes, laneCount: this.#options.laneCount };
    this.#unsaved = true;
  }
}

/** The union of two GTID sets, in normal form. */
export function joinGtidSets(set: string, more: string): string {
  return GtidSet.parse([set, more].filter((text) => text !== "").join(",")).toString();
}
