import { expect, test } from "vitest";
import { beat, type BeatOptions } from "../../../../functions/canary/beat.ts";

/** A queue that returns one list of rows per receive; a receive takes up to a second. */
function canary(receives: readonly (readonly number[])[], patienceMs = 10_000) {
  let nowMs = 1_000_000;
  const written: number[] = [];
  const events: string[] = [];
  const waiting = [...receives];
  const options: BeatOptions = {
    patienceMs,
    now: () => nowMs,
    connect: async () => ({
      write: async (writtenMs) => {
        written.push(writtenMs);
        events.push("write");
      },
      [Symbol.asyncDispose]: async () => void events.push("disconnect"),
    }),
    queue: {
      take: async (waitMs) => {
        events.push("receive");
        nowMs += Math.min(1000, waitMs);
        return [...(waiting.shift() ?? [])];
      },
    },
  };
  return { options, written, events };
}

test("a row that arrives has a delay, and the connection stays open until then", async () => {
  const { options, events } = canary([[1_000_000]]);
  expect(await beat(options)).toEqual({ delaysMs: [1000], isBack: true });
  expect(events).toEqual(["write", "receive", "disconnect"]);
});

test("rows of earlier invocations have their own delays and do not count as this invocation's row", async () => {
  const { options } = canary([[880_000, 940_000], [], [1_000_000]]);
  expect(await beat(options)).toEqual({ delaysMs: [121_000, 61_000, 3000], isBack: true });
});

test("the wait for a row ends when the time is over", async () => {
  const { options, events } = canary([[940_000]], 2500);
  expect(await beat(options)).toEqual({ delaysMs: [61_000], isBack: false });
  expect(events).toEqual(["write", "receive", "receive", "receive", "disconnect"]);
});

test("an error of the queue ends the invocation and closes the connection", async () => {
  const { options, events } = canary([]);
  const denied = { ...options, queue: { take: () => Promise.reject(new Error("denied")) } };
  await expect(beat(denied)).rejects.toThrow("denied");
  expect(events).toEqual(["write", "disconnect"]);
});
