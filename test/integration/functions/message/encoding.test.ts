import { SQSClient } from "@aws-sdk/client-sqs";
import { expect, test, vi } from "vitest";
import { type Change, subscribe } from "../../../../client/index.ts";
import type { RoutingInput } from "../../../../config/routing.ts";
import { messageText } from "../../../../wire/compressed-message.ts";
import type { EnvironmentMessage } from "../../../../wire/message.ts";
import { environmentQueueName } from "../../../../wire/names.ts";
import { aroundRequests, inputOf } from "../../../support/functions/around-requests.ts";
import { SOURCE, TestLane } from "../../../support/functions/frames.ts";
import { CountingMetrics, rawEvent, retry, route } from "../../../support/functions/invoke.ts";
import { Stage } from "../../../support/functions/stage.ts";

const CHANGES = 400;
const QUEUE = environmentQueueName(SOURCE, "search", "production");

function routing(encoding?: "zstd"): RoutingInput {
  return {
    environments: { production: { users: ["app_prod"] } },
    subscribers: {
      billing: { tables: ["shop.*"] },
      search: { tables: ["shop.*"], ...(encoding && { encoding }) },
    },
  };
}

const manyChanges = Array.from({ length: CHANGES }, () => ({}));

/**
 * Receives `count` messages of each subscriber and decodes their changes with the client library.
 */
async function received(stage: Stage, count: number): Promise<readonly (readonly Change[])[]> {
  const { region, credentials, endpoints } = stage.aws;
  const sqs = new SQSClient({ region, credentials, endpoint: endpoints.sqs });
  const names = ["billing", "search"];
  const seen = names.map((): Change[] => []);
  const subscriptions = await Promise.all(
    names.map((name, index) =>
      subscribe(name, (change) => void seen[index]?.push(change), {
        sqs,
        source: SOURCE,
        environment: "production",
      }),
    ),
  );
  await vi.waitFor(() => expect(seen.map(({ length }) => length)).toEqual([count, count]), 60_000);
  await Promise.all(subscriptions.map((subscription) => subscription.stop()));
  sqs.destroy();
  return seen;
}

/** The bodies of the messages in a subscriber's queue, in order. */
function waiting({ aws: { queues } }: Stage, subscriber: string): string[] {
  const queue = environmentQueueName(SOURCE, subscriber, "production");
  return (queues.messages(queue, 10) ?? []).map(({ id }) => queues.body(queue, id) ?? "");
}

test("a queue with compressed messages delivers the same changes in a tenth of the bytes", async () => {
  await using stage = await Stage.start(routing("zstd"));
  const lane = new TestLane();
  await route(stage.runtime, rawEvent([lane.frame(manyChanges)]));
  await route(stage.runtime, rawEvent([lane.frame([{}])]));
  const [plainBytes = 0, compressedBytes] = ["billing", "search"].map((name) =>
    waiting(stage, name).reduce((sum, body) => sum + body.length, 0),
  );
  expect(compressedBytes).toBeLessThan(plainBytes / 10);
  const [plain, compressed] = await received(stage, CHANGES + 1);
  expect(compressed).toEqual(plain);
});

test("parked messages are compressed when they are sent, and uncompressed earlier messages stay readable", async () => {
  await using stage = await Stage.start(routing());
  const lane = new TestLane();
  await route(stage.runtime, rawEvent([lane.frame(manyChanges)]));
  stage.deploy(routing("zstd"));
  const runtime = stage.runtimeWith(stage.clients);
  const fault = stage.aws.faults.add({
    service: "sqs",
    action: "SendMessage*",
    resource: QUEUE,
    effect: { kind: "error", code: "AccessDenied" },
  });
  await route(runtime, rawEvent([lane.frame(manyChanges)]));
  fault.remove();
  stage.clock.advance(60_000);
  await retry(runtime, { metrics: new CountingMetrics() });
  expect(waiting(stage, "search").map((body) => body.includes('"encoding":"zstd"'))).toEqual([
    false,
    true,
  ]);
  const [plain, mixed] = await received(stage, 2 * CHANGES);
  expect(mixed).toEqual(plain);
});

test("a frame of which a plain message was sent arrives whole after the queue's messages are compressed", async () => {
  await using stage = await Stage.start(routing());
  const clients = stage.newClients();
  let sends = 0;
  aroundRequests(clients.sqs, async (request, send) => {
    if (String(inputOf(request)["QueueUrl"]).endsWith(QUEUE) && ++sends > 1) {
      throw Object.assign(new Error("the invocation ends here"), { name: "ExpiredToken" });
    }
    return send();
  });
  const long = Array.from({ length: 15 }, () => ({ text: "x".repeat(100_000) }));
  const event = rawEvent([new TestLane().frame(long)]);
  expect(await route(stage.runtimeWith(clients), event)).toHaveLength(1);
  expect(waiting(stage, "search")).toHaveLength(1);

  stage.deploy(routing("zstd"));
  expect(await route(stage.runtimeWith(stage.clients), event)).toEqual([]);
  const messages = await Promise.all(waiting(stage, "search").map(messageText));
  const ids = messages.map((text) =>
    (JSON.parse(text) as EnvironmentMessage).changes.map(({ id }) => id),
  );
  expect(ids.map(({ length }) => length)).toEqual([8, 15]);
  expect(new Set(ids.flat()).size).toBe(15);
});
