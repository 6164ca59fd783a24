import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  ListMessageMoveTasksCommand,
  SendMessageCommand,
  StartMessageMoveTaskCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { expect, vi } from "vitest";
import { startLocalAws, type LocalAws } from "@binlog-router/local-aws";
import { environmentDeadLetterQueueName, environmentQueueName } from "../../../wire/names.ts";
import type { EnvironmentMessage } from "../../../wire/message.ts";

/**
 * SQS with the queues of some environments, and a test's actions in place of the route function.
 */
export interface QueueRig extends AsyncDisposable {
  readonly aws: LocalAws;
  readonly sqs: SQSClient;
  readonly queueUrl: (environment?: string) => string;
  readonly deadLetterUrl: (environment?: string) => string;
  /** Sends messages one after the other, each to the queue of its environment. */
  readonly send: (...messages: readonly EnvironmentMessage[]) => Promise<void>;
  readonly sendText: (group: string, text: string) => Promise<void>;
  /** Returns how many messages are in the queue, visible or in flight. */
  readonly depth: (url?: string) => Promise<number>;
  /** Moves staging's dead letters back, as an operator does; resolves when all are moved. */
  readonly redrive: () => Promise<void>;
}

export async function startQueueRig(
  options: { readonly maxReceiveCount?: number; readonly environments?: readonly string[] } = {},
): Promise<QueueRig> {
  const { maxReceiveCount = 5, environments = ["staging"] } = options;
  await using started = new AsyncDisposableStack();
  const aws = started.use(await startLocalAws());
  const sqs = new SQSClient({
    region: aws.region,
    credentials: aws.credentials,
    endpoint: aws.endpoints.sqs,
  });
  started.defer(() => sqs.destroy());
  const urls = new Map<string, string>();
  for (const environment of environments) {
    const dead = environmentDeadLetterQueueName("shop", "billing", environment);
    const live = environmentQueueName("shop", "billing", environment);
    urls.set(dead, await createQueue(sqs, dead, {}));
    const deadLetterTargetArn = `arn:aws:sqs:${aws.region}:${aws.accountId}:${dead}`;
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn, maxReceiveCount });
    urls.set(live, await createQueue(sqs, live, { RedrivePolicy }));
  }
  const url = (name: string): string => {
    const found = urls.get(name);
    if (found === undefined) throw new RangeError(`no queue ${name}`);
    return found;
  };
  const queueUrl = (environment = "staging"): string =>
    url(environmentQueueName("shop", "billing", environment));
  const deadLetterUrl = (environment = "staging"): string =>
    url(environmentDeadLetterQueueName("shop", "billing", environment));
  let sent = 0;
  const sendTo = async (QueueUrl: string, group: string, text: string): Promise<void> => {
    const MessageDeduplicationId = String(sent++);
    await sqs.send(
      new SendMessageCommand({
        QueueUrl,
        MessageBody: text,
        MessageGroupId: group,
        MessageDeduplicationId,
      }),
    );
  };
  const running = started.move();
  return {
    aws,
    sqs,
    queueUrl,
    deadLetterUrl,
    async send(...messages) {
      for (const message of messages) {
        await sendTo(queueUrl(message.environment), message.group, JSON.stringify(message));
      }
    },
    sendText: (group, text) => sendTo(queueUrl(), group, text),
    async depth(QueueUrl = queueUrl()) {
      const AttributeNames = [
        "ApproximateNumberOfMessages" as const,
        "ApproximateNumberOfMessagesNotVisible" as const,
      ];
      const { Attributes } = await sqs.send(
        new GetQueueAttributesCommand({ QueueUrl, AttributeNames }),
      );
      return AttributeNames.reduce((sum, name) => sum + Number(Attributes?.[name] ?? 0), 0);
    },
    async redrive() {
      const dead = environmentDeadLetterQueueName("shop", "billing", "staging");
      const SourceArn = `arn:aws:sqs:${aws.region}:${aws.accountId}:${dead}`;
      await sqs.send(new StartMessageMoveTaskCommand({ SourceArn }));
      await vi.waitFor(async () => {
        const { Results } = await sqs.send(new ListMessageMoveTasksCommand({ SourceArn }));
        expect(Results?.[0]?.Status).toBe("COMPLETED");
      }, 60_000);
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

async function createQueue(
  sqs: SQSClient,
  QueueName: string,
  attributes: Record<string, string>,
): Promise<string> {
  const { QueueUrl } = await sqs.send(
    new CreateQueueCommand({
      QueueName,
      Attributes: {
        FifoQueue: "true",
        DeduplicationScope: "messageGroup",
        FifoThroughputLimit: "perMessageGroupId",
        ...attributes,
      },
    }),
  );
  return QueueUrl ?? "";
}
