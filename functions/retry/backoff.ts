/** When a stream whose first record could not be delivered is tried again. All times in milliseconds. */
export interface Backoff {
  /** After the first failure; it doubles with each further one. */
  readonly baseMs: number;
  readonly longestMs: number;
  /** Failed attempts after which the record is given up until an operator acts. */
  readonly attempts: number;
}

/** 10 s, 20 s, 40 s, … 15 min, each at the next run of the retry function: a hundred attempts take about 18 hours. */
export const BACKOFF: Backoff = { baseMs: 10_000, longestMs: 15 * 60_000, attempts: 100 };

/**
 * The pause after so many failed attempts (1 after the first). `random` is from 0 to 1: half of the pause is fixed, the
 * other half drawn, so that streams that failed together do not come back together.
 */
export function pauseMs(attempts: number, backoff: Backoff, random: number): number {
  const doublings = Math.min(attempts - 1, 30);
  const full = Math.min(backoff.longestMs, backoff.baseMs * 2 ** doublings);
  return Math.round(full / 2 + (full / 2) * random);
}
