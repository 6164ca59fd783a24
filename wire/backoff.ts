/**
 * How long to wait after a failed attempt, milliseconds. The wait is `baseMs` after the first
 * failure (`earlier` is 0) and doubles up to `longestMs`. A random share of up to `spread` (half by
 * default) is taken off, so that callers that failed together do not retry together.
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
