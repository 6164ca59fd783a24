import { CreateQueueCommand } from "@aws-sdk/client-sqs";
import { startLocalAws } from "@binlog-router/local-aws";
import { awsClients } from "@binlog-router/local-aws/clients";
import { expect, test } from "vitest";
import { SOURCE_TAG } from "../../../../../wire/names.ts";
import { binlogRouter } from "../../../../support/operator.ts";

test("queues that somebody else deletes meanwhile are passed over, although SQS still lists them", async () => {
  await using aws = await startLocalAws();
  using clients = awsClients(aws);
  for (const name of ["shop-a.fifo", "shop-b.fifo", "shop-c.fifo"]) {
    await clients.sqs.send(
      new CreateQueueCommand({
        QueueName: name,
        Attributes: { FifoQueue: "true" },
        tags: { [SOURCE_TAG]: "shop" },
      }),
    );
  }
  const queues = (...args: string[]) =>
    binlogRouter(["queues", ...args, "--source", "shop", "--stack-deleted"], aws.environment());
  const gone = (action: string, resource: string) =>
    aws.faults.add({
      service: "sqs",
      action,
      resource,
      effect: { kind: "error", code: "QueueDoesNotExist" },
    });
  gone("ListQueueTags", "shop-b.fifo");
  gone("DeleteQueue", "shop-a.fifo");
  expect(await queues("list")).toMatchObject({
    code: 0,
    out: "shop-a.fifo: empty\nshop-c.fifo: empty\n",
  });
  expect(await queues("discard", "shop-a.fifo", "shop-c.fifo", "--yes")).toMatchObject({ code: 0 });
  expect((await queues("list")).out).toBe("shop-a.fifo: empty\n");
});
