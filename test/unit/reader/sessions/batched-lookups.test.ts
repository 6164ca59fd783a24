import { expect, test } from "vitest";
import { BatchedLookups } from "../../../../reader/sessions/batched-lookups.ts";
import { ReadPosition } from "../../../../reader/sessions/read-position.ts";

test("lookups that arrive while one is running share the next one", async () => {
  const asked: number[][] = [];
  const first = Promise.withResolvers<void>();
  const lookups = new BatchedLookups<number>(0, async (some) => {
    asked.push([...some]);
    if (asked.length === 1) await first.promise;
  });
  const answers = [lookups.ask(1)];
  await Promise.resolve().then(() => undefined);
  await new Promise(setImmediate);
  for (let i = 2; i <= 1000; i++) answers.push(lookups.ask(i));
  first.resolve();
  await Promise.all(answers);
  expect(asked.map(({ length }) => length)).toEqual([1, 999]);
});

test("a failed lookup rejects, and the next one is still made", async () => {
  let failures = 1;
  const lookups = new BatchedLookups<number>(0, async () => {
    await Promise.resolve();
    if (failures-- > 0) throw new Error("no answer");
  });
  await expect(lookups.ask(1)).rejects.toThrow("no answer");
  await expect(lookups.ask(2)).resolves.toBeUndefined();
});

test("passes() resolves when reading reaches the position or the time is over", async () => {
  const read = new ReadPosition();
  const passes = read.passes({ fileNumber: 3, offset: 500 }, 10_000);
  read.advance(3, 499);
  read.advance(4, 4);
  expect(await passes).toBe(true);
  expect(await read.passes({ fileNumber: 4, offset: 5 }, 1)).toBe(false);
});
