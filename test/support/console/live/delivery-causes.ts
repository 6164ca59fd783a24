import { setTimeout as delay } from "node:timers/promises";
import {
  ChangeMessageVisibilityCommand,
  PurgeQueueCommand,
  ReceiveMessageCommand,
} from "@aws-sdk/client-sqs";
import type { Connection } from "mysql2/promise";
import { refuse, signalAll, waiting, type LiveCause } from "./cause.ts";
import type { LiveStack } from "./live-stack.ts";
import { discardAll, passRests } from "./parked-streams.ts";

const A_DAY_MS = 24 * 60 * 60 * 1000;
const BILLING = "shop-billing-staging.fifo";
const DEAD = "shop-billing-staging-dead.fifo";

/** A connection that stays open from the beginning to the end of a cause. */
let open: Connection | null = null;

async function closeOpen(): Promise<void> {
  await open?.end();
  open = null;
}

/** Causes in authors, queues and applications. */
export const DELIVERY_CAUSES: readonly LiveCause[] = [
  {
    name: "An author is unknown",
    rings: ["Failures pending", "Unattributed changes"],
    begin: writeUnseen,
    end: discardAll,
  },
  {
    name: "A parked stream is given up",
    rings: ["Failures dead", "Failures pending", "Unattributed changes"],
    begin: writeUnseen,
    // Each run of retry makes an attempt. A stream is given up after 21 of them, but not before
    // half a day: first "Failures pending" has to ring, which takes longer where runs are late.
    meanwhile: (stack) =>
      passRests(
        stack,
        stack.ringing().includes("Failures pending") ? Date.now() - A_DAY_MS : undefined,
      ),
    end: discardAll,
  },
  {
    name: "The code fails on the changes of one queue",
    rings: ["Changes that could not be written", "Failures pending"],
    begin: async (stack) => {
      open = await stack.administrator();
      await open.query("SET SESSION binlog_row_image = MINIMAL");
      // Wait until the reader has read the process list, which it does each second.
      await delay(4_000);
      await open.query(
        "INSERT INTO shop.payments (order_id, method, amount) VALUES (1, 'card', 1)",
      );
      // The row's image has no column `method`, on which the filter of `audit` depends.
      await open.query("UPDATE shop.payments SET amount = 2");
    },
    end: async (stack) => {
      await closeOpen();
      await discardAll(stack);
    },
  },
  {
    name: "An environment's queue is deleted, full or forbidden",
    rings: ["Failures pending"],
    begin: async (stack) => {
      refuse(stack, "sqs", "SendMessage*", BILLING);
      await stack.write();
    },
    end: ({ aws }) => aws.faults.clear(),
  },
  {
    name: "With a canary: it cannot write, or does not run",
    rings: ["Canary missing"],
    begin: async (stack) => {
      open = await stack.administrator();
      await open.query("LOCK TABLES binlog_canary.beats READ");
    },
    end: closeOpen,
  },
  {
    name: "An application does not run",
    rings: ["Subscriber queue age billing staging"],
    begin: async (stack) => {
      stack.asleep.add(BILLING);
      await stack.write();
    },
    end: ({ asleep }) => void asleep.delete(BILLING),
  },
  {
    name: "An application keeps failing on a message",
    rings: ["Dead-letter queue not empty billing staging"],
    begin: async (stack) => {
      stack.asleep.add(BILLING);
      await stack.write();
      await failOnAll(stack);
      stack.asleep.delete(BILLING);
    },
    end: (stack) =>
      stack.clients.sqs.send(new PurgeQueueCommand({ QueueUrl: stack.queueUrl(DEAD) })),
  },
];

/** Writes a row on a connection that no reader sees, because both are suspended meanwhile. */
async function writeUnseen(stack: LiveStack): Promise<void> {
  await using observer = await stack.administrator();
  signalAll("SIGSTOP")(stack);
  try {
    const writer = await stack.administrator();
    const { threadId } = writer;
    await writer.query("INSERT INTO shop.orders (customer, total) VALUES ('Grace', 2)");
    await writer.end();
    // The server may notice the end of the connection late.
    const listed = "SELECT id FROM information_schema.processlist WHERE id = ?";
    while (((await observer.query(listed, [threadId]))[0] as unknown[]).length > 0) await delay(50);
  } finally {
    signalAll("SIGCONT")(stack);
  }
}

/** Receives billing's message without deleting it until it is a dead letter. */
async function failOnAll(stack: LiveStack): Promise<void> {
  const QueueUrl = stack.queueUrl(BILLING);
  while (waiting(stack, DEAD) === 0) {
    const { Messages = [] } = await stack.clients.sqs.send(
      new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 1 }),
    );
    for (const { ReceiptHandle } of Messages) {
      await stack.clients.sqs.send(
        new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout: 0 }),
      );
    }
  }
}
