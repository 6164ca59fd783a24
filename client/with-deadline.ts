/**
 * Runs a call with a signal that aborts when the given signal does or after `ms` milliseconds. When
 * the time is over, it throws a DOMException "TimeoutError", and otherwise what the call throws.
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
  const timeout = new DOMException(`no response within ${ms} ms`, "TimeoutError");
  const timer = setTimeout(() => either.abort(timeout), ms);
  try {
    return await call(either.signal);
  } catch (error) {
    // The SDK's error says that a request was aborted, and not why.
    throw either.signal.reason === timeout ? timeout : error;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", abort);
  }
}
