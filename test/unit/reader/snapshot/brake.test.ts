import { expect, test } from "vitest";
import { Brake, type BrakeOptions } from "../../../../reader/snapshot/brake.ts";

const LAST = { name: { database: "shop", table: "t" }, fileNumber: 1, offset: 4, row: 9 };

const brake = (options: Partial<BrakeOptions>): Brake =>
  new Brake({
    lagMs: () => 0,
    relief: () => null,
    isDelivered: () => Promise.resolve(true),
    ...options,
  });

test("leaves room for a chunk while the stream keeps up", async () => {
  const free = brake({});
  expect(await free.look(null)).toBe("free");
  expect(await free.look(LAST)).toBe("free");
});

test("rests while the stream is behind", async () => {
  let lag = 3001;
  const behind = brake({ lagMs: () => lag });
  expect(await behind.look(null)).toBe("behind");
  lag = 0;
  // The brake does not measure the lag again at once.
  expect(await behind.look(null)).toBe("wait");
});

test("rests for as long as it is told", async () => {
  const resting = brake({});
  resting.rest(60_000);
  expect(await resting.look(null)).toBe("wait");
  resting.rest(-1);
  expect(await resting.look(null)).toBe("free");
});

test("waits until less is unsent", async () => {
  const relieved = Promise.withResolvers<void>();
  const pressed = brake({ relief: () => relieved.promise });
  let room: string | null = null;
  const looking = pressed.look(null).then((found) => (room = found));
  await new Promise(setImmediate);
  expect(room).toBeNull();
  relieved.resolve();
  expect(await looking).toBe("free");
});

test("waits until what was handed over is delivered, and returns now and then", async () => {
  const asked: unknown[] = [];
  let isDelivered = false;
  const slow = brake({
    isDelivered: (last) => {
      asked.push(last);
      return Promise.resolve(isDelivered);
    },
  });
  expect(await slow.look(LAST)).toBe("wait");
  expect(asked[0]).toBe(LAST);
  isDelivered = true;
  expect(await slow.look(LAST)).toBe("free");
});
