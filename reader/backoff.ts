/**
 * How long to wait before the next attempt, milliseconds: doubling from `baseMs` up to `capMs`, with "equal jitter" (half
 * fixed, half random) so that many readers do not come back at once.
 */
export function backoffMs(
  failures: number,
  baseMs: number,
  capMs: number,
  random: () => number = Math.random,
): number {
  const ceiling = Math.min(capMs, baseMs * 2 ** Math.min(failures, 30));
  return ceiling / 2 + (ceiling / 2) * random();
}
