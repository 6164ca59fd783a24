import { expect, test } from "vitest";
import { Brake, type BrakeOptions } from "../../../../reader/snapshot/brake.ts";
import type { HandedUpTo } from "../../../../reader/snapshot/snapshot-reading.ts";

const upTo = (row: number): HandedUpTo => ({
  name: { database: "shop", table: "t" },
  fileNumber: 1,
  offset: 4,
  row,
});

const brake = (options: Partial<BrakeOptions>): Brake =>
  new Brake({
    lagMs: () => 0,
    relief: () => null,
    isDelivered: () => Promise.resolve(true),
    ...options,
  });

test("the brake allows a chunk while the stream keeps up", async () => {
  const free = brake({});
  for (const row of [1, 2, 3]) {
    expect(await free.look()).toBe("free");
    free.handedOver(upTo(row));
  }
});

test("the brake holds the snapshot while the stream is behind", async () => {
  let lag = 3001;
  const behind = brake({ lagMs: () => lag });
  expect(await behind.look()).toBe("behind");
  lag = 0;
  // The brake does not measure the lag again at once.
  expect(await behind.look()).toBe("wait");
});

test("the brake holds the snapshot for the time given to rest()", async () => {
  const resting = brake({});
  resting.rest(60_000);
  expect(await resting.look()).toBe("wait");
  resting.rest(-1);
  expect(await resting.look()).toBe("free");
});

test("the brake waits until the reader has sent enough of its buffer", async () => {
  const relieved = Promise.withResolvers<void>();
  const pressed = brake({ relief: () => relieved.promise });
  let room: string | null = null;
  const looking = pressed.look().then((found) => (room = found));
  await new Promise(setImmediate);
  expect(room).toBeNull();
  relieved.resolve();
  expect(await looking).toBe("free");
});

test("the brake holds the snapshot until the part before the last is delivered", async () => {
  const asked: number[] = [];
  let delivered = 0;
  const slow = brake({
    isDelivered: ({ row }) => {
      asked.push(row);
      return Promise.resolve(row <= delivered);
    },
  });
  for (const row of [1, 2]) {
    expect(await slow.look()).toBe("free");
    slow.handedOver(upTo(row));
  }
  expect(await slow.look()).toBe("wait");
  delivered = 1;
  expect(await slow.look()).toBe("free");
  slow.handedOver(upTo(3));
  expect(await slow.look()).toBe("wait");
  expect(new Set(asked)).toEqual(new Set([1, 2]));
});
