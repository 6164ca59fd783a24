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
 * About how many messages a queue has, those that somebody is handling included; null when SQS does
 * not say, "no queue" where there is none.
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

/** The same; a queue that is not there has none. */
export async function messagesIn(sqs: SQSClient, queueName: string): Promise<number | null> {
  const waiting = await waitingIn(sqs, queueName);
  return waiting === "no queue" ? 0 : waiting;
}
