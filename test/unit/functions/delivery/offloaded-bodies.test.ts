import { SQSClient } from "@aws-sdk/client-sqs";
import { expect, test } from "vitest";
import { fixedPatience } from "../../../../functions/delivery/patience.ts";
import { queueSender } from "../../../../functions/delivery/queue-sender.ts";
import { freeBodies } from "../../../../functions/message/outgoing-message.ts";
import { Utf8Text } from "../../../../wire/utf8-text.ts";
import { SqsRequests } from "../../../support/sqs-requests.ts";

const BYTES = 2 << 20;

test("what S3's client was given stays when the message is freed", async () => {
  await using server = await SqsRequests.listen();
  const client = new SQSClient({
    md5: false,
    ...server.settings,
  });
  const given: (string | Uint8Array)[] = [];
  const sender = queueSender({
    client,
    rawQueueUrl: `${server.endpoint}/000000000000/shop-raw.fifo`,
    payloads: {
      name: "payloads",
      put: async (_key, body) => void given.push(body),
      get: () => Promise.reject(new Error("nothing is read")),
    },
    patience: fixedPatience(5000),
  });
  const message = {
    environment: "production",
    group: "orders",
    deduplicationId: "1",
    changes: 1,
    first: "1",
    last: "1",
    body: new Utf8Text(Buffer.alloc(BYTES, "a")),
  };
  const queueName = "shop-billing-production.fifo";
  expect(await sender.send(queueName, [message])).toEqual({ kind: "sent" });
  client.destroy();

  freeBodies([{ kind: "messages", queueName, first: "1", last: "1", messages: [message] }]);
  expect(given).toHaveLength(1);
  expect(given[0]).toHaveLength(BYTES);
});
