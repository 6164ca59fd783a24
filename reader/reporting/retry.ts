import { setTimeout as delay } from "node:timers/promises";
import { backoffMs } from "../../wire/backoff.ts";
import { LeaseLostError } from "./errors.ts";
import { describeError, type Log } from "./log.ts";

export interface RetryOptions {
  readonly log: Log;
  /** The log message for each failure; `fields` are logged with it. */
  readonly message: string;
  readonly fields?: object;
  readonly firstWaitMs: number;
  readonly longestWaitMs: number;
  readonly signal: AbortSignal;
}

/**
 * Calls `act` until it succeeds. Rejects with a LeaseLostError of `act`, which is permanent, and
 * with the signal's reason.
 */
export async function retry<T>(options: RetryOptions, act: () => Promise<T>): Promise<T> {
  for (let failures = 1; ; failures++) {
    options.signal.throwIfAborted();
    try {
      return await act();
    } catch (error) {
      options.signal.throwIfAborted();
      if (error instanceof LeaseLostError) throw error;
      await pauseAfter(error, failures, options);
    }
  }
}

/**
 * Logs an error, the last of `failures` in a row, and waits before the next attempt. Rejects when
 * the signal is aborted.
 */
export async function pauseAfter(
  error: unknown,
  failures: number,
  { log, message, fields, firstWaitMs, longestWaitMs, signal }: RetryOptions,
): Promise<void> {
  const waitMs = Math.round(backoffMs(failures - 1, firstWaitMs, longestWaitMs));
  log.warn({ error: describeError(error), ...fields, failures, waitMs }, message);
  await delay(waitMs, undefined, { signal });
}
