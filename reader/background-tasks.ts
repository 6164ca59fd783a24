import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";

/** How long running tasks may take to end once the loop is over. */
const TASKS_MS = 3000;

/** A periodic task that runs while the reader follows its source. */
export interface Task {
  readonly everyMs: number;
  readonly act: () => Promise<void>;
}

/**
 * Runs each task periodically. Resolves when the signal is aborted. On the first failure it calls
 * `onFailure`, waits for running tasks for a few seconds, and rejects with that failure.
 */
export async function runTasks(
  tasks: readonly Task[],
  failures: readonly Promise<never>[],
  signal: AbortSignal,
  onFailure: (error: unknown) => void,
): Promise<void> {
  const background = new AbortController();
  // Without an end of its own, the listener would stay on the signal, and keep what it refers to.
  const abort = signal.aborted ? undefined : once(signal, "abort", { signal: background.signal });
  abort?.catch(() => undefined);
  const running = tasks.map(({ everyMs, act }) => every(everyMs, background.signal, act));
  try {
    await Promise.race([...failures, ...running, abort]);
  } catch (error) {
    onFailure(error);
    throw error;
  } finally {
    background.abort();
    await settledWithin(running, TASKS_MS);
  }
}

/**
 * Calls `act` repeatedly, each time `waitMs` after the previous call finished. Resolves when the
 * signal is aborted; rejects with what `act` threw.
 */
async function every(waitMs: number, signal: AbortSignal, act: () => Promise<void>): Promise<void> {
  while (!signal.aborted) {
    await act();
    await delay(waitMs, undefined, { signal }).catch(() => undefined); // an abort ends the loop
  }
}

/**
 * Waits until all promises have settled, at most `ms`. Cancels its timer, which would otherwise
 * keep the process alive.
 */
async function settledWithin(promises: readonly Promise<void>[], ms: number): Promise<void> {
  const patience = new AbortController();
  const late = delay(ms, undefined, { signal: patience.signal }).catch(() => undefined);
  await Promise.race([Promise.allSettled(promises), late]);
  patience.abort();
}
