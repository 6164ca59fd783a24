import { CreateQueueCommand } from "@aws-sdk/client-sqs";
import type { Creation, ResourceToCreate } from "./create-resource.ts";
import type { PhysicalResource } from "./intrinsics.ts";

/**
 * Creates an `AWS::SQS::Queue`. Its properties are the attributes of CreateQueue under the same names, so every one of
 * them is passed on, and the service refuses what it does not know.
 */
export async function createQueue(
  { properties, generatedName }: ResourceToCreate,
  { clients, aws, signal }: Creation,
): Promise<PhysicalResource> {
  const { QueueName, Tags: _, ...attributes } = properties;
  const name = typeof QueueName === "string" ? QueueName : generatedName;
  const { QueueUrl } = await clients.sqs.send(
    new CreateQueueCommand({
      QueueName: name,
      Attributes: Object.fromEntries(
        Object.entries(attributes).map(([key, value]) => [
          key,
          typeof value === "string" ? value : JSON.stringify(value),
        ]),
      ),
    }),
    { abortSignal: signal },
  );
  if (QueueUrl === undefined) throw new TypeError(`the service returned no URL for ${name}`);
  return {
    ref: QueueUrl,
    attributes: {
      Arn: `arn:aws:sqs:${aws.region}:${aws.accountId}:${name}`,
      QueueName: name,
      QueueUrl,
    },
  };
}
