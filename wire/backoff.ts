/**
 * How long to wait after some attempts have failed, milliseconds: `baseMs` after the first
 * (`earlier` is 0), doubling up to `longestMs`. The last `spread` of the wait (half of it by
 * default) is drawn at random, so that what failed together does not come back together.
 */
export function backoffMs(
  earlier: number,
  baseMs: number,
  longestMs: number,
  {
    random = Math.random,
    spread = 0.5,
  }: { readonly random?: () => number; readonly spread?: number } = {},
): number {
  const fullMs = Math.min(longestMs, baseMs * 2 ** Math.min(earlier, 30));
  return fullMs * (1 - spread * random());
}
