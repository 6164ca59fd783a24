import { expect, test } from "vitest";
import { parseStream, streamText } from "../../../../functions/failures/stream.ts";
import { sortDue } from "../../../../functions/retry/due-streams.ts";

async function* due(...names: readonly string[]) {
  for (const name of names) yield parseStream(name);
}

test("queues come however many connections wait longer", async () => {
  const threads = Array.from({ length: 50 }, (_, i) => `thread/0/server/1/${i}`);
  const queues = ["queue/0/a", "queue/1/a", "raw/0/m"];
  const sorted = await sortDue(due(...threads, ...queues), 20);
  expect(sorted.queues.map(streamText)).toEqual(queues);
  expect(sorted.threads.map(streamText)).toEqual(threads.slice(0, 20));
});

test("nothing due is nothing to do", async () => {
  expect(await sortDue(due(), 20)).toEqual({ queues: [], threads: [] });
});
