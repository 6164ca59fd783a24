import { setTimeout as delay } from "node:timers/promises";

/** How long work that was told to stop may still take before nobody waits for it any more. */
const PATIENCE_MS = 2_000;

/** Runs `work` until it is disposed: its signal is aborted then, and it gets a moment to finish. */
export function inBackground(work: (signal: AbortSignal) => Promise<void>): AsyncDisposable {
  const stop = new AbortController();
  const done = work(stop.signal);
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      const patience = new AbortController();
      const late = delay(PATIENCE_MS, undefined, { signal: patience.signal }).catch(
        () => undefined,
      );
      await Promise.race([done, late]);
      patience.abort();
    },
  };
}
