/**
 * Runs a call with a signal that aborts when the given signal does or after `ms` milliseconds.
 * AbortSignal.any is not used, because on Node.js 20 each call of it leaves an entry in the given
 * signal for ever.
 */
export async function withDeadline<T>(
  signal: AbortSignal,
  ms: number,
  call: (either: AbortSignal) => Promise<T>,
): Promise<T> {
  const either = new AbortController();
  const abort = (): void => either.abort(signal.reason);
  if (signal.aborted) abort();
  signal.addEventListener("abort", abort, { once: true });
  const timer = setTimeout(
    () => either.abort(new DOMException(`no response within ${ms} ms`, "TimeoutError")),
    ms,
  );
  try {
    return await call(either.signal);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", abort);
  }
}
