import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";

/** How long what is under way in the background may take to end. */
const TASKS_MS = 3000;

/** Something that is done again and again while the reader follows its source. */
export interface Task {
  readonly everyMs: number;
  readonly act: () => Promise<void>;
}

/**
 * Does each task again and again. Resolves when the signal is aborted; rejects with the first
 * failure, after which nothing is sent any more.
 */
export async function runTasks(
  tasks: readonly Task[],
  failures: readonly Promise<never>[],
  signal: AbortSignal,
  sending: AbortController,
): Promise<void> {
  const abort = signal.aborted ? undefined : once(signal, "abort");
  const background = new AbortController();
  const running = tasks.map(({ everyMs, act }) => every(everyMs, background.signal, act));
  try {
    await Promise.race([...failures, ...running, abort]);
  } finally {
    background.abort();
    if (!signal.aborted) sending.abort();
    await settledWithin(running, TASKS_MS);
  }
}

/**
 * Calls `act` again and again, `waitMs` after it finished, until the signal is aborted; resolves
 * then. Rejects with what `act` threw.
 */
async function every(waitMs: number, signal: AbortSignal, act: () => Promise<void>): Promise<void> {
  while (!signal.aborted) {
    await act();
    await delay(waitMs, undefined, { signal }).catch(() => undefined); // an abort ends the loop
  }
}

/**
 * Waits until all have settled, and no longer than this. Leaves no timer, for which the process
 * would stay.
 */
async function settledWithin(promises: readonly Promise<void>[], ms: number): Promise<void> {
  const patience = new AbortController();
  const late = delay(ms, undefined, { signal: patience.signal }).catch(() => undefined);
  await Promise.race([Promise.allSettled(promises), late]);
  patience.abort();
}
