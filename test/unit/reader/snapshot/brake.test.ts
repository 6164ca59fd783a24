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

test("the brake allows a chunk while the stream keeps up", async () => {
  const free = brake({});
  expect(await free.look(null)).toBe("free");
  expect(await free.look(LAST)).toBe("free");
});

test("the brake holds the snapshot while the stream is behind", async () => {
  let lag = 3001;
  const behind = brake({ lagMs: () => lag });
  expect(await behind.look(null)).toBe("behind");
  lag = 0;
  // The brake does not measure the lag again at once.
  expect(await behind.look(null)).toBe("wait");
});

test("the brake holds the snapshot for the time given to rest()", async () => {
  const resting = brake({});
  resting.rest(60_000);
  expect(await resting.look(null)).toBe("wait");
  resting.rest(-1);
  expect(await resting.look(null)).toBe("free");
});

test("the brake waits until the reader has sent enough of its buffer", async () => {
  const relieved = Promise.withResolvers<void>();
  const pressed = brake({ relief: () => relieved.promise });
  let room: string | null = null;
  const looking = pressed.look(null).then((found) => (room = found));
  await new Promise(setImmediate);
  expect(room).toBeNull();
  relieved.resolve();
  expect(await looking).toBe("free");
});

test("the brake holds the snapshot until the last row handed over is delivered", async () => {
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
