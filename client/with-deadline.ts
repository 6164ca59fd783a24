/**
 * Runs a call with a signal that aborts when the given signal does or after `ms` milliseconds. When
 * the time is over, it throws a DOMException "TimeoutError", and otherwise what the call throws. It
 * does not wait for a call that ignores its signal then, as the SDK does while it looks for
 * credentials. AbortSignal.any is not used, because on Node.js 20 each call of it leaves an entry
 * in the given signal for ever.
 */
export async function withDeadline<T>(
  signal: AbortSignal | undefined,
  ms: number,
  call: (either: AbortSignal) => Promise<T>,
): Promise<T> {
  const either = new AbortController();
  const abort = (): void => either.abort(signal?.reason);
  if (signal?.aborted === true) abort();
  signal?.addEventListener("abort", abort, { once: true });
  let timer: NodeJS.Timeout | undefined;
  const timeUp = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const timeout = new DOMException(`no response within ${ms} ms`, "TimeoutError");
      // Before the abort: the SDK's error says that a request was aborted, and not why.
      reject(timeout);
      either.abort(timeout);
    }, ms);
  });
  try {
    return await Promise.race([call(either.signal), timeUp]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
  }
}
