import { expect, test } from "vitest";
import { parseStream, streamText } from "../../../../functions/failures/stream.ts";
import { sortDue } from "../../../../functions/retry/due-streams.ts";

async function* due(...names: readonly string[]) {
  for (const name of names) yield parseStream(name);
}

test("queues come however many connections wait longer, and take turns", async () => {
  const threads = Array.from({ length: 50 }, (_, i) => `thread/0/server/1/${i}`);
  const { queues, threads: taken } = await sortDue(
    due(...threads, "queue/0/a", "queue/1/a", "queue/2/a", "queue/0/b", "raw/0/m"),
    20,
  );
  expect(queues.map(streamText)).toEqual([
    "queue/0/a",
    "queue/0/b",
    "raw/0/m",
    "queue/1/a",
    "queue/2/a",
  ]);
  expect(taken.map(streamText)).toEqual(threads.slice(0, 20));
});

test("nothing due is nothing to do", async () => {
  expect(await sortDue(due(), 20)).toEqual({ queues: [], threads: [] });
});
