import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { SQSClient } from "@aws-sdk/client-sqs";
import { expect, test, vi } from "vitest";
import { clientSettings } from "../../../../functions/aws/clients.ts";
import { fixedPatience } from "../../../../functions/delivery/patience.ts";
import { queueSender } from "../../../../functions/delivery/queue-sender.ts";
import type { OutgoingMessage } from "../../../../functions/message/outgoing-message.ts";
import { CopiedRequests } from "../../../../wire/copied-requests.ts";
import { withPlainBodies } from "../../../../wire/plain-bodies.ts";
import { Utf8Text } from "../../../../wire/utf8-text.ts";

/** The id of a message that the queue does not take. */
const REFUSED = "refused";
const QUEUE = "shop-billing-staging.fifo";

interface Entry {
  readonly MessageDeduplicationId: string;
}

function message(id: string, group = "g", characters = 300_000): OutgoingMessage {
  const body = new Utf8Text(Buffer.from(JSON.stringify({ id, text: "x".repeat(characters) })));
  const place = { first: id, last: id, changes: 1 };
  return { environment: "staging", group, deduplicationId: id, ...place, body };
}

/** A sender, and what became of its requests; with an answer, how many copies were made by then. */
async function senderUnderTest(answerMs: number) {
  const seen: string[] = [];
  const made = vi.spyOn(CopiedRequests.prototype, "prepare");
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const input = JSON.parse(String(Buffer.concat(chunks))) as Entry & { Entries?: Entry[] };
      const { Entries: entries = [input] } = input;
      const id = entries.map(({ MessageDeduplicationId }) => MessageDeduplicationId).join();
      seen.push(`arrived ${id}`);
      setTimeout(() => {
        seen.push(`answered ${id}, made ${made.mock.calls.length}`);
        response.statusCode = id === REFUSED ? 400 : 200;
        response.end(id === REFUSED ? '{"__type":"com.amazonaws.sqs#QueueDoesNotExist"}' : "{}");
      }, answerMs);
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = withPlainBodies(
    new SQSClient({
      ...clientSettings("route").sqs,
      region: "eu-west-1",
      endpoint,
      credentials: { accessKeyId: "id", secretAccessKey: "secret" },
    }),
  );
  const sender = queueSender({
    client,
    rawQueueUrl: `${endpoint}/000000000000/shop-raw.fifo`,
    payloads: { name: "none", put: () => Promise.reject(), get: () => Promise.reject() },
    patience: fixedPatience(10_000),
  });
  // The first request is the SDK's.
  await sender.send(QUEUE, [message("0", "g", 1)]);
  seen.length = 0;
  return {
    sender,
    seen,
    made,
    [Symbol.asyncDispose]: async () => {
      made.mockRestore();
      client.destroy();
      await new Promise((closed) => server.close(closed));
    },
  };
}

test("the next message of a group is made ready while the one before is on its way", async () => {
  await using under = await senderUnderTest(60);
  await under.sender.send(QUEUE, [message("1"), message("2"), message("3", "g", 10)]);
  // A short one takes no time.
  expect(under.seen).toEqual([
    "arrived 1",
    "answered 1, made 2",
    "arrived 2",
    "answered 2, made 2",
    "arrived 3",
    "answered 3, made 3",
  ]);
});

test("messages that will be sent later are made ready, too", async () => {
  await using under = await senderUnderTest(0);
  const later = [message("1"), message("2")];
  under.sender.prepare?.(QUEUE, later);
  await vi.waitFor(() => expect(under.made).toHaveBeenCalledTimes(1));
  await under.sender.send(QUEUE, [message("0")]);
  await under.sender.send(QUEUE, later);
  expect(under.seen).toEqual([
    "arrived 0",
    "answered 0, made 2",
    "arrived 1",
    "answered 1, made 2",
    "arrived 2",
    "answered 2, made 3",
  ]);
});

test("a message that was sent ahead is not sent again in its turn", async () => {
  await using under = await senderUnderTest(0);
  const later = [message("1"), message("2")];
  under.sender.prepare?.(QUEUE, later);
  await under.sender.begin?.(QUEUE, later);
  expect(await under.sender.send(QUEUE, later)).toEqual({ kind: "sent" });
  const arrived = () => under.seen.filter((event) => event.startsWith("arrived"));
  expect(arrived()).toEqual(["arrived 1", "arrived 2"]);
  // When the position is not written, the messages are sent anew.
  await under.sender.send(QUEUE, later);
  expect(arrived().slice(2)).toEqual(["arrived 1", "arrived 2"]);
});

test("it is not sent again either when a later frame goes together with its own, whose group could share its request", async () => {
  await using under = await senderUnderTest(40);
  const begun = message("1", "g", 10);
  under.sender.prepare?.(QUEUE, [begun]);
  const settled = under.sender.begin?.(QUEUE, [begun]).then(() => under.seen.push("settled"));
  const together = [begun, message("2", "h", 10), message("3", "g", 10)];
  expect(await under.sender.send(QUEUE, together)).toEqual({ kind: "sent" });
  under.seen.push("sent");
  await settled;
  const events = under.seen.filter((event) => !event.startsWith("answered"));
  expect(events).toEqual(["arrived 1", "settled", "arrived 2,3", "sent"]);
});

test("what a queue refused ahead is the result in its turn, and nothing is sent behind it", async () => {
  await using under = await senderUnderTest(0);
  const later = [message(REFUSED), message("2")];
  under.sender.prepare?.(QUEUE, later);
  await under.sender.begin?.(QUEUE, later);
  const { length } = under.seen;
  expect(await under.sender.send(QUEUE, later)).toMatchObject({ kind: "trouble", unsent: later });
  expect(under.seen).toHaveLength(length);
});

test("messages of several groups, and those that are not made ahead, wait for their turn", async () => {
  await using under = await senderUnderTest(0);
  const groups = [message("1"), message("2", "h")];
  under.sender.prepare?.(QUEUE, groups);
  await under.sender.begin?.(QUEUE, groups);
  await under.sender.begin?.(QUEUE, [message("3")]);
  expect(under.seen).toEqual([]);
});

test("a message that will be compressed is left alone: its bytes may be freed before it is sent", async () => {
  await using under = await senderUnderTest(0);
  const parked = { ...message("1"), encoding: "zstd" } as const;
  const bytes = vi.spyOn(Utf8Text.prototype, "bytes", "get");
  under.sender.prepare?.(QUEUE, [parked]);
  expect(bytes).not.toHaveBeenCalled();
  bytes.mockRestore();
});
