import { setTimeout as delay } from "node:timers/promises";

/** Calls `act` again and again, `waitMs` after it finished, until the signal is aborted; resolves then. Rejects with what `act` threw. */
export async function every(
  waitMs: number,
  signal: AbortSignal,
  act: () => Promise<void>,
): Promise<void> {
  while (!signal.aborted) {
    await act();
    await delay(waitMs, undefined, { signal }).catch(() => undefined); // an abort ends the loop
  }
}
