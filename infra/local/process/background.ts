import { setTimeout as delay } from "node:timers/promises";

/** How long disposing waits for work that was told to stop. */
const PATIENCE_MS = 2_000;

/** Runs `work` until disposed; disposing aborts its signal and waits for it, at most 2 s. */
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
