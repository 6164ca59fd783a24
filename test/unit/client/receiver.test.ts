import type { Message } from "@aws-sdk/client-sqs";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { Receiver } from "../../../client/receiver.ts";
import { Reporter } from "../../../client/reporter.ts";
import type { SqsQueue } from "../../../client/sqs-queue.ts";

/**
 * Receives from a queue whose long polls find ten messages of each of these groups, one group after
 * the other. Returns how many receives did not wait.
 */
async function helpersWith(groups: readonly string[]): Promise<number> {
  const stopping = new AbortController();
  const left = [...groups];
  let helpers = 0;
  const queue = {
    receive: async ({ waitSeconds }: { readonly waitSeconds: number }): Promise<Message[]> => {
      await sleep(1);
      if (waitSeconds === 0) {
        helpers++;
        return [];
      }
      const group = left.shift();
      if (group === undefined) {
        stopping.abort();
        return [];
      }
      return Array.from({ length: 10 }, () => ({ Attributes: { MessageGroupId: group } }));
    },
  } as unknown as SqsQueue;
  const receiver = new Receiver({
    queue,
    waitSeconds: 20,
    visibilitySeconds: 30,
    room: () => Promise.resolve(),
    oneByOne: () => false,
    busy: () => true,
    onMessages: () => undefined,
    reporter: new Reporter(
      { onError: (error) => expect.fail(String(error)) },
      { environment: "staging", subscriber: "billing" },
    ),
  });
  await receiver.run(stopping.signal);
  return helpers;
}

it("receives in parallel while full answers are of different groups", async () => {
  expect(await helpersWith(["a", "b", "a", "b", "c"])).toBe(5);
});

it("does not receive in parallel while the same group comes again", async () => {
  expect(await helpersWith(["a", "a", "a", "a", "b", "b"])).toBe(2);
});

it("leaves the event loop its turns when answers come at once, as those of a mock do", async () => {
  const stopping = new AbortController();
  let receives = 0;
  const receiver = new Receiver({
    queue: {
      receive: () => {
        if (++receives === 1000) stopping.abort(); // ends a receiver that leaves none
        return Promise.resolve([]);
      },
    } as unknown as SqsQueue,
    waitSeconds: 20,
    visibilitySeconds: 30,
    room: () => Promise.resolve(),
    oneByOne: () => false,
    busy: () => false,
    onMessages: () => undefined,
    reporter: new Reporter({}, { environment: "staging", subscriber: "billing" }),
  });
  setImmediate(() => stopping.abort());
  await receiver.run(stopping.signal);
  expect(receives).toBeLessThan(1000);
});
