import { randomUUID } from "node:crypto";

/**
 * One life of the coordinates: positions may be compared to drop, skip, close or attribute
 * something only within one life (docs/decisions/positions-have-lives.md).
 */
export interface Life {
  /** The first part of every position of the life. */
  readonly epoch: number;
  /**
   * Unlike any other life's, also of another offsets table; null in offsets saved before lives had
   * names.
   */
  readonly life: string | null;
}

/**
 * Epochs count ten-minute units since 2026, so that the first life of a fresh table lies behind
 * those of a former table.
 */
const FIRST_EPOCH_MS = Date.UTC(2026, 0, 1);
const EPOCH_UNIT_MS = 600_000;

/**
 * A life that begins now. `formerEpoch`: of the life before it in the same table; 0 when there was
 * none.
 */
export function newLife(
  formerEpoch: number,
  nowMs = Date.now(),
): { readonly epoch: number; readonly life: string } {
  return { epoch: nextEpoch(formerEpoch, nowMs), life: randomUUID() };
}

/**
 * Later than the former epoch, and than every epoch that another table drew more than ten minutes
 * ago.
 */
export function nextEpoch(formerEpoch: number, nowMs: number): number {
  return Math.max(formerEpoch + 1, Math.floor((nowMs - FIRST_EPOCH_MS) / EPOCH_UNIT_MS), 1);
}
