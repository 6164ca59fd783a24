import { getEventListeners } from "node:events";
import { describe, expect, it, vi } from "vitest";
import { withDeadline } from "../../../client/with-deadline.ts";

/** A call that fails with the signal's reason when the signal aborts. */
const untilAborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
    if (signal.aborted) reject(signal.reason as Error);
  });

describe("a call with a deadline", () => {
  it("returns its result and removes its listener from the signal", async () => {
    const { signal } = new AbortController();
    expect(await withDeadline(signal, 60_000, () => Promise.resolve(7))).toBe(7);
    await expect(
      withDeadline(signal, 60_000, () => Promise.reject(new Error("no"))),
    ).rejects.toThrow("no");
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  it("is aborted with the signal", async () => {
    const stop = new AbortController();
    const running = withDeadline(stop.signal, 60_000, untilAborted);
    stop.abort(new Error("stop"));
    await expect(running).rejects.toThrow("stop");
    await expect(withDeadline(stop.signal, 60_000, untilAborted)).rejects.toThrow("stop");
  });

  it("is aborted when it takes too long", async () => {
    vi.useFakeTimers();
    try {
      const running = withDeadline(new AbortController().signal, 1000, untilAborted);
      const failed = expect(running).rejects.toMatchObject({ name: "TimeoutError" });
      await vi.advanceTimersByTimeAsync(1000);
      await failed;

      // The SDK does not throw the signal's reason.
      const bySdk = withDeadline(new AbortController().signal, 1000, (signal) =>
        untilAborted(signal).catch(() => Promise.reject(new Error("Request aborted"))),
      );
      const namedFailure = expect(bySdk).rejects.toThrow("no response within 1000 ms");
      await vi.advanceTimersByTimeAsync(1000);
      await namedFailure;
    } finally {
      vi.useRealTimers();
    }
  });
});
