import { SQSClient } from "@aws-sdk/client-sqs";
import * as fc from "fast-check";
import { expect, test, vi } from "vitest";
import { clientSettings } from "../../../../functions/aws/clients.ts";
import { fixedPatience } from "../../../../functions/delivery/patience.ts";
import {
  queueSender,
  type Sender,
  type SendResult,
} from "../../../../functions/delivery/queue-sender.ts";
import { OwnTroubleError } from "../../../../functions/ground/errors.ts";
import type { OutgoingMessage } from "../../../../functions/message/outgoing-message.ts";
import { CopiedRequests } from "../../../../wire/copied-requests.ts";
import { withPlainBodies } from "../../../../wire/plain-bodies.ts";
import { Utf8Text } from "../../../../wire/utf8-text.ts";
import { isBySdk, type ReceivedRequest, useSqsRequests } from "../../../support/sqs-requests.ts";

// Two queues with one client. SQS refuses, throttles, stays silent, loses its answers, and things
// that are not SQS answer. Whatever happens, a queue gets its own messages, each once and in the
// order of its group, and the sender knows which ones.

const server = await useSqsRequests();
const QUEUES = ["shop-billing-staging.fifo", "shop-billing-test.fifo"] as const;
/** A request that is held takes half of it. */
const PATIENCE_MS = 400;

const refusal = (status: number, code: string) => ({
  status,
  answer: JSON.stringify({ __type: `com.amazonaws.sqs#${code}`, message: "no" }),
});

const failed = (...ids: readonly string[]) => ({
  answer: JSON.stringify({
    Failed: ids.map((Id) => ({ Id, SenderFault: false, Code: "InternalError" })),
  }),
});

/** What happens to a request: most often nothing. */
const treatment = fc.oneof(
  { weight: 6, arbitrary: fc.constant({ answer: "{}" }) },
  { weight: 1, arbitrary: fc.constant("hold" as const) },
  {
    weight: 8,
    arbitrary: fc.constantFrom(
      "half" as const,
      "cut" as const,
      { answer: "" },
      { answer: "<html>" },
      { answer: '{"Failed":null}' },
      { status: 302, answer: "" },
      { status: 502, answer: "<html>" },
      refusal(400, "RequestThrottled"),
      refusal(400, "QueueDoesNotExist"),
      refusal(403, "ExpiredToken"),
      refusal(400, "BatchRequestTooLong"),
      refusal(503, "ServiceUnavailable"),
      failed("0"),
      failed("1", "2"),
    ),
  },
);

/** The group and the size of each of a queue's messages; long ones' requests are made ahead. */
const sizes = fc.oneof(
  fc.array(
    fc.record({ group: fc.constantFrom("a", "b", "c"), size: fc.constantFrom(1, 900, 70_000) }),
    { maxLength: 6 },
  ),
  fc.array(fc.constant({ group: "a", size: 140_000 }), { minLength: 1, maxLength: 3 }),
);
/** Of each queue, in one call of its sender. */
const calls = fc.array(fc.tuple(sizes, sizes), { minLength: 1, maxLength: 3 });

interface Accepted {
  readonly id: string;
  readonly group: string;
  readonly body: string;
}

/** The messages in a request that SQS accepted, by its answer. */
function acceptedIn({ body, treatment: how }: ReceivedRequest): readonly Accepted[] {
  const request = JSON.parse(body.toString());
  const entries: readonly Record<string, string>[] = request.Entries ?? [request];
  const { status = 200, answer = "{}" } = typeof how === "object" ? how : {};
  if (status !== 200 || answer === "<html>") return [];
  const refused = (answer.startsWith("{") ? JSON.parse(answer).Failed : null) ?? [];
  return entries
    .filter(({ Id: id }) => !refused.some((entry: { readonly Id: string }) => entry.Id === id))
    .map((entry) => ({
      id: String(entry["MessageDeduplicationId"]),
      group: String(entry["MessageGroupId"]),
      body: String(entry["MessageBody"]),
    }));
}

/** What arrived in a queue, which drops repeats. */
function arrivedIn(queue: string): readonly Accepted[] {
  const messages = new Map<string, Accepted>();
  for (const request of server.received) {
    const { QueueUrl } = JSON.parse(request.body.toString());
    if (!QueueUrl.endsWith(`/${queue}`)) continue;
    for (const message of acceptedIn(request)) {
      expect(messages.get(message.id) ?? message).toEqual(message);
      messages.set(message.id, message);
    }
  }
  return [...messages.values()];
}

function newSender(): { readonly client: SQSClient; readonly sender: Sender } {
  const client = withPlainBodies(
    new SQSClient({
      ...clientSettings("route").sqs,
      ...server.settings,
    }),
  );
  const sender = queueSender({
    client,
    rawQueueUrl: `${server.endpoint}/000000000000/shop-raw.fifo`,
    payloads: { name: "none", put: () => Promise.reject(), get: () => Promise.reject() },
    patience: fixedPatience(PATIENCE_MS),
  });
  return { client, sender };
}

let messages = 0;
/** By id: bodies are freed once they were sent or parked. */
const texts = new Map<string, string>();

function newMessage(queue: string, group: string, size: number): OutgoingMessage {
  const id = String(++messages);
  const text = JSON.stringify({ id, queue, text: '"'.repeat(size) });
  texts.set(id, text);
  return {
    environment: queue,
    group,
    deduplicationId: id,
    changes: 1,
    first: id,
    last: id,
    body: messages % 2 === 0 ? text : new Utf8Text(Buffer.from(text)),
  };
}

/** As the route function does it, which gets the frame again when it cannot call SQS. */
async function sendOrRepeat(
  sender: Sender,
  queue: string,
  given: readonly OutgoingMessage[],
): Promise<SendResult> {
  try {
    return await sender.send(queue, given);
  } catch (error) {
    expect(error).toBeInstanceOf(OwnTroubleError);
    return sendOrRepeat(sender, queue, given);
  }
}

const groupsOf = (all: readonly Accepted[]) => Map.groupBy(all, ({ group }) => group);

test("a queue gets each message once, its own, in order, and the sender knows which", async () => {
  let copies = 0;
  let troubles = 0;
  const tried = vi.spyOn(CopiedRequests.prototype, "tryCopy");
  await fc.assert(
    fc.asyncProperty(calls, fc.array(treatment, { maxLength: 12 }), async (parts, treatments) => {
      const { client, sender } = newSender();
      server.received.length = 0;
      texts.clear();
      // The first requests of each kind are the SDK's.
      for (const queue of QUEUES) {
        await sender.send(queue, [newMessage(queue, "a", 1)]);
        await sender.send(
          queue,
          ["a", "b"].map((group) => newMessage(queue, group, 1)),
        );
      }
      server.received.length = 0;
      server.treatments.push(...treatments);
      const sent = QUEUES.map((): OutgoingMessage[] => []);
      const unsure = new Set<string>();
      const made = parts.map((part) =>
        QUEUES.map((queue, index) =>
          (part[index] ?? []).map(({ group, size }) => newMessage(queue, group, size)),
        ),
      );
      for (const [number, part] of made.entries()) {
        await Promise.all(
          QUEUES.map(async (queue, index) => {
            const given = part[index] ?? [];
            sender.prepare?.(queue, made[number + 1]?.[index] ?? []);
            const result = await sendOrRepeat(sender, queue, given);
            sent[index]?.push(...given);
            for (const { body } of given) if (body instanceof Utf8Text) body.free();
            if (result.kind === "sent") return;
            troubles++;
            expect(result.trouble.reason).not.toBe("fault");
            for (const { deduplicationId } of result.unsent) unsure.add(deduplicationId);
            // Nothing is sent behind an unsent message of its group.
            for (const [group, all] of Map.groupBy(given, (one) => one.group)) {
              const unsent = result.unsent.filter((one) => one.group === group);
              expect(unsent).toEqual(unsent.length === 0 ? [] : all.slice(-unsent.length));
            }
          }),
        );
      }
      server.treatments.length = 0;
      client.destroy();
      copies += server.received.filter((request) => !isBySdk(request)).length;
      for (const [index, queue] of QUEUES.entries()) {
        const arrived = arrivedIn(queue);
        const ids = new Set(arrived.map(({ id }) => id));
        // What SQS did not accept is unsent. Of what is unsent, SQS may have accepted something.
        const expected = (sent[index] ?? [])
          .filter(({ deduplicationId: id }) => ids.has(id) || !unsure.has(id))
          .map(({ deduplicationId: id, group }) => ({ id, group, body: texts.get(id) ?? "" }));
        expect(groupsOf(arrived)).toEqual(groupsOf(expected));
      }
    }),
    { numRuns: 40 },
  );
  expect(copies).toBeGreaterThan(50);
  expect(troubles).toBeGreaterThan(0);
  const madeAhead = tried.mock.calls.filter(([, , prepared]) => prepared !== undefined);
  expect(madeAhead.length).toBeGreaterThan(10);
});
