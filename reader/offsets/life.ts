import { randomUUID } from "node:crypto";

/**
 * A life of the coordinates. Only positions of the same life may be compared in order to drop,
 * skip, close or attribute something (docs/decisions/positions-have-lives.md).
 */
export interface Life {
  /** The first part of all positions of this life. */
  readonly epoch: number;
  /**
   * A name that no other life has, not even in another offsets table; null in offsets saved before
   * lives had names.
   */
  readonly life: string | null;
}

/**
 * Epochs count units of ten minutes since 2026, so that the first life of a new table lies behind
 * those of an earlier table.
 */
const FIRST_EPOCH_MS = Date.UTC(2026, 0, 1);
const EPOCH_UNIT_MS = 600_000;
/**
 * The last epoch that the clock can give, in October 2044. A position has room for ten thousand
 * more, which lives get one after the other, also after a clock was wrong once.
 */
const LAST_BY_CLOCK = 990_000;

/**
 * A life that begins now. `formerEpoch`: the epoch of the table's former life; 0 when there was
 * none.
 */
export function newLife(
  formerEpoch: number,
  nowMs = Date.now(),
): { readonly epoch: number; readonly life: string } {
  return { epoch: nextEpoch(formerEpoch, nowMs), life: randomUUID() };
}

/**
 * An epoch greater than the former one and, until 2044, than every first epoch that another table
 * got more than ten minutes ago.
 */
export function nextEpoch(formerEpoch: number, nowMs: number): number {
  const byClock = Math.floor((nowMs - FIRST_EPOCH_MS) / EPOCH_UNIT_MS);
  return Math.max(formerEpoch + 1, Math.min(byClock, LAST_BY_CLOCK), 1);
}
