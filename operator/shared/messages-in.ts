import {
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  QueueDoesNotExist,
  type SQSClient,
} from "@aws-sdk/client-sqs";

const COUNTS = [
  "ApproximateNumberOfMessages",
  "ApproximateNumberOfMessagesNotVisible",
  "ApproximateNumberOfMessagesDelayed",
] as const;

/**
 * The approximate number of messages in a queue, including those in flight and delayed. "no queue"
 * when the queue does not exist; null when SQS cannot be asked.
 */
export async function waitingIn(
  sqs: SQSClient,
  queueName: string,
): Promise<number | null | "no queue"> {
  try {
    const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: queueName }));
    const { Attributes = {} } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: [...COUNTS] }),
    );
    return COUNTS.reduce((sum, name) => sum + Number(Attributes[name] ?? 0), 0);
  } catch (error) {
    return error instanceof QueueDoesNotExist ? "no queue" : null;
  }
}

/** The same, but 0 when the queue does not exist. */
export async function messagesIn(sqs: SQSClient, queueName: string): Promise<number | null> {
  const waiting = await waitingIn(sqs, queueName);
  return waiting === "no queue" ? 0 : waiting;
}
