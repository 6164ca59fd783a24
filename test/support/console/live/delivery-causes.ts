import { PurgeQueueCommand, SendMessageCommand } from "@aws-sdk/client-sqs";
import { refuse, type LiveCause } from "./cause.ts";

const BILLING = "shop-billing-staging.fifo";
const DEAD = "shop-billing-staging-dead.fifo";

/** Causes in queues and applications. */
export const DELIVERY_CAUSES: readonly LiveCause[] = [
  {
    name: "An environment's queue is deleted, full or forbidden",
    rings: ["Failures pending"],
    begin: async (stack) => {
      refuse(stack, BILLING);
      await stack.write();
    },
    end: ({ aws }) => aws.faults.clear(),
  },
  {
    name: "An application fails on a message again and again",
    rings: ["Dead-letter queue not empty billing staging"],
    begin: (stack) =>
      stack.clients.sqs.send(
        new SendMessageCommand({
          QueueUrl: stack.queueUrl(DEAD),
          MessageBody: "a dead letter",
          MessageGroupId: "shop.orders",
          MessageDeduplicationId: "1",
        }),
      ),
    end: (stack) =>
      stack.clients.sqs.send(new PurgeQueueCommand({ QueueUrl: stack.queueUrl(DEAD) })),
  },
];
