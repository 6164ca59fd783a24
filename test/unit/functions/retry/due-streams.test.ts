import { expect, test } from "vitest";
import { streamText } from "../../../../functions/failures/stream.ts";
import { sortDue } from "../../../../functions/retry/due-streams.ts";

async function* due(...names: readonly string[]) {
  yield* names;
}

test("queues are listed however many connections have waited longer", async () => {
  const threads = Array.from({ length: 50 }, (_, i) => `thread/0/server/1/${i}`);
  const queues = ["queue/0/a", "queue/1/a", "raw/0/m"];
  const sorted = await sortDue(due(...threads, ...queues), 20);
  expect(sorted.queues.map(streamText)).toEqual(queues);
  expect(sorted.threads.map(streamText)).toEqual(threads.slice(0, 20));
});

test("the list is empty when nothing is due", async () => {
  expect(await sortDue(due(), 20)).toEqual({ queues: [], threads: [], unreadable: [] });
});

test("a name that cannot be read is listed separately from the streams", async () => {
  const unreadable = [
    "",
    "shard/0/a",
    "queue/x/a",
    "queue/00/a",
    "thread/0/server",
    "thread/0/s/1/x",
  ];
  const sorted = await sortDue(due("queue/0/a", ...unreadable, "thread/0/s/1/2", "raw/0/m"), 20);
  expect(sorted.queues.map(streamText)).toEqual(["queue/0/a", "raw/0/m"]);
  expect(sorted.threads.map(streamText)).toEqual(["thread/0/s/1/2"]);
  expect(sorted.unreadable).toEqual(unreadable);
});
