import {
  CreateQueueCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ListQueuesCommand,
  ListQueueTagsCommand,
  PurgeQueueCommand,
  QueueDoesNotExist,
  SetQueueAttributesCommand,
  TagQueueCommand,
  UntagQueueCommand,
} from "@aws-sdk/client-sqs";
import { describe, expect } from "vitest";
import { lasting, test } from "../../support/conformance.ts";

describe("a queue", () => {
  test("has the default attributes when it is new", async ({ sqs }) => {
    const queue = await sqs.queue();
    expect(await queue.attributes()).toEqual({
      ApproximateNumberOfMessages: "0",
      ApproximateNumberOfMessagesDelayed: "0",
      ApproximateNumberOfMessagesNotVisible: "0",
      ContentBasedDeduplication: "false",
      CreatedTimestamp: expect.stringMatching(/^\d{10,}$/),
      DeduplicationScope: "queue",
      DelaySeconds: "0",
      FifoQueue: "true",
      FifoThroughputLimit: "perQueue",
      LastModifiedTimestamp: expect.stringMatching(/^\d{10,}$/),
      MaximumMessageSize: "1048576",
      MessageRetentionPeriod: "345600",
      QueueArn: queue.arn,
      ReceiveMessageWaitTimeSeconds: "0",
      SqsManagedSseEnabled: "true",
      VisibilityTimeout: "30",
    });
  });

  test("is found by its name", async ({ sqs }) => {
    const queue = await sqs.queue();
    const found = await sqs.client.send(new GetQueueUrlCommand({ QueueName: queue.name }));
    expect(found.QueueUrl).toBe(queue.url);
    expect(queue.url).toMatch(new RegExp(`^https?://[^/]+/\\d{12}/${queue.name}$`));
  });

  test("is listed by a prefix of its name", lasting(70), async ({ sqs }) => {
    const queue = await sqs.queue();
    const { QueueUrls } = await sqs.client.send(
      new ListQueuesCommand({ QueueNamePrefix: queue.name }),
    );
    expect(QueueUrls).toEqual([queue.url]);
  });

  test("that does not exist is refused with its own exception", async ({ sqs }) => {
    await expect(
      sqs.client.send(new GetQueueUrlCommand({ QueueName: "missing" })),
    ).rejects.toBeInstanceOf(QueueDoesNotExist);
  });

  test("can be created again with the same attributes only", async ({ sqs }) => {
    const queue = await sqs.queue({ attributes: { VisibilityTimeout: "45" } });
    const create = (VisibilityTimeout: string) =>
      sqs.client.send(
        new CreateQueueCommand({
          QueueName: queue.name,
          Attributes: { FifoQueue: "true", VisibilityTimeout },
        }),
      );
    expect((await create("45")).QueueUrl).toBe(queue.url);
    await expect(create("46")).rejects.toMatchObject({ name: "QueueNameExists" });
  });

  test("counts its messages", lasting(10), async ({ sqs }) => {
    const queue = await sqs.queue();
    for (const body of ["1", "2", "3"]) await queue.send(body);
    await queue.receive({ MaxNumberOfMessages: 1, WaitTimeSeconds: 5 });
    await queue.expectAttributes({
      ApproximateNumberOfMessages: "2",
      ApproximateNumberOfMessagesNotVisible: "1",
    });
  });

  test("accepts new attributes and refuses invalid ones", async ({ sqs }) => {
    const queue = await sqs.queue();
    const set = (Attributes: Record<string, string>) =>
      sqs.client.send(new SetQueueAttributesCommand({ QueueUrl: queue.url, Attributes }));
    await set({ VisibilityTimeout: "60", MessageRetentionPeriod: "1209600" });
    await queue.expectAttributes({
      VisibilityTimeout: "60",
      MessageRetentionPeriod: "1209600",
    });
    for (const wrong of [
      { VisibilityTimeout: "43201" },
      { MessageRetentionPeriod: "59" },
      { MaximumMessageSize: "1048577" },
      { DelaySeconds: "901" },
      { ReceiveMessageWaitTimeSeconds: "21" },
      { DeduplicationScope: "planet" },
      { FifoQueue: "false" },
    ] as Record<string, string>[]) {
      await expect(set(wrong)).rejects.toMatchObject({ name: "InvalidAttributeValue" });
    }
    await expect(set({ Nonsense: "1" })).rejects.toMatchObject({ name: "InvalidAttributeName" });
  });

  test("returns only the requested attributes", async ({ sqs }) => {
    const queue = await sqs.queue();
    const { Attributes } = await sqs.client.send(
      new GetQueueAttributesCommand({
        QueueUrl: queue.url,
        AttributeNames: ["VisibilityTimeout", "QueueArn"],
      }),
    );
    expect(Attributes).toEqual({ VisibilityTimeout: "30", QueueArn: queue.arn });
  });

  test("can be purged once a minute", lasting(70), async ({ sqs }) => {
    const queue = await sqs.queue();
    await queue.send("1");
    await queue.send("2", { MessageGroupId: "other" });
    await queue.receive({ MaxNumberOfMessages: 1, WaitTimeSeconds: 5 });
    const purge = () => sqs.client.send(new PurgeQueueCommand({ QueueUrl: queue.url }));
    await purge();
    await expect(purge()).rejects.toMatchObject({ name: "PurgeQueueInProgress" });
    await sqs.pass(61_000);
    expect(await queue.receive()).toEqual([]);
    await queue.send("3");
    expect(await queue.bodies()).toEqual(["3"]);
  });

  test("reserves its name for a minute after its deletion", lasting(130), async ({ sqs }) => {
    const queue = await sqs.queue();
    const create = () =>
      sqs.client.send(
        new CreateQueueCommand({ QueueName: queue.name, Attributes: { FifoQueue: "true" } }),
      );
    await queue.send("1");
    await sqs.client.send(new DeleteQueueCommand({ QueueUrl: queue.url }));
    await expect(create()).rejects.toMatchObject({ name: "QueueDeletedRecently" });
    await sqs.pass(61_000);
    await create();
    expect(await queue.receive({ WaitTimeSeconds: 1 })).toEqual([]);
  });

  test("has tags", async ({ sqs }) => {
    const queue = await sqs.queue();
    const QueueUrl = queue.url;
    await sqs.client.send(new TagQueueCommand({ QueueUrl, Tags: { a: "1", b: "2" } }));
    await sqs.client.send(new UntagQueueCommand({ QueueUrl, TagKeys: ["a"] }));
    const { Tags } = await sqs.client.send(new ListQueueTagsCommand({ QueueUrl }));
    expect(Tags).toEqual({ b: "2" });
  });

  test("has a name of at most 80 letters, digits, hyphens and underscores", async ({ sqs }) => {
    for (const QueueName of ["", "with space", "dot.dot", "x".repeat(81)]) {
      await expect(sqs.client.send(new CreateQueueCommand({ QueueName }))).rejects.toMatchObject({
        name: expect.stringMatching(/^(InvalidParameterValue|MissingParameter)$/),
      });
    }
  });
});
