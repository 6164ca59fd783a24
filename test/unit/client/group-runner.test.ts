import { expect, it } from "vitest";
import type { DeleteBatcher } from "../../../client/delete-batcher.ts";
import { FailingGroups } from "../../../client/failing-groups.ts";
import { GroupRunner } from "../../../client/group-runner.ts";
import type { HeldMessage } from "../../../client/held-message.ts";
import type { InFlight } from "../../../client/in-flight.ts";
import type { MessageProcessor } from "../../../client/message-processor.ts";
import { Reporter } from "../../../client/reporter.ts";

it("keeps no body of a message that waits for its deletion", async () => {
  const read: string[] = [];
  const toDelete: HeldMessage[] = [];
  const runner = new GroupRunner({
    processor: {
      process: ({ body }: HeldMessage) => {
        read.push(body);
        return Promise.resolve({ kind: "repeat", changes: 1 });
      },
    } as unknown as MessageProcessor<undefined>,
    inFlight: {} as InFlight,
    deletions: {
      add: (message: HeldMessage) => void toDelete.push(message),
    } as unknown as DeleteBatcher,
    failing: new FailingGroups(),
    reporter: new Reporter({}, { environment: "staging", subscriber: "billing" }),
    backoffSeconds: () => 1,
    wideReceivesEnded: () => Promise.resolve(),
    stopping: new AbortController().signal,
    onRefused: (error) => expect.fail(String(error)),
  });
  const message: HeldMessage = {
    id: "1",
    group: "g",
    body: "a long text",
    receiveCount: 1,
    receiptHandle: "1",
    heldUntil: Infinity,
    longestUntil: Infinity,
    lost: new AbortController(),
  };
  await runner.run([message]);
  expect(read).toEqual(["a long text"]);
  expect(toDelete).toEqual([message]);
  expect(message.body).toBe("");
});
