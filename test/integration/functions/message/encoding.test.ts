import { SQSClient } from "@aws-sdk/client-sqs";
import { describe, expect, test, vi } from "vitest";
import { type Change, subscribe } from "../../../../client/index.ts";
import type { RoutingInput } from "../../../../config/routing.ts";
import { messageText } from "../../../../wire/compressed-message.ts";
import { decodeMessage } from "../../../../wire/message.ts";
import { environmentQueueName } from "../../../../wire/names.ts";
import { aroundRequests, inputOf } from "../../../support/functions/around-requests.ts";
import { SOURCE, TestLane } from "../../../support/functions/frames.ts";
import { CountingMetrics, rawEvent, retry, route } from "../../../support/functions/invoke.ts";
import { Stage } from "../../../support/functions/stage.ts";

const CHANGES = 400;
const QUEUE = environmentQueueName(SOURCE, "search", "production");

type Settings = Pick<RoutingInput["subscribers"][string], "encoding" | "format">;

function routing(settings: Settings = {}): RoutingInput {
  return {
    environments: { production: { users: ["app_prod"] } },
    subscribers: { billing: { tables: ["shop.*"] }, search: { tables: ["shop.*"], ...settings } },
  };
}

/** Shorter forms of the same messages, with a text that only their bodies have. */
const FORMS = [
  {
    name: "compressed",
    settings: { encoding: "zstd" },
    mark: '"encoding":"zstd"',
    share: 1 / 10,
  },
  { name: "compact", settings: { format: "compact" }, mark: '{"version":3,', share: 2 / 3 },
  {
    name: "compact and compressed",
    settings: { format: "compact", encoding: "zstd" },
    mark: '"encoding":"zstd"',
    share: 1 / 10,
  },
] as const;

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

describe.each(FORMS)("$name messages", ({ settings, mark, share }) => {
  test("have the same changes in fewer bytes", async () => {
    await using stage = await Stage.start(routing(settings));
    const lane = new TestLane();
    await route(stage.runtime, rawEvent([lane.frame(manyChanges)]));
    await route(stage.runtime, rawEvent([lane.frame([{}])]));
    const [plainBytes = 0, bytes] = ["billing", "search"].map((name) =>
      waiting(stage, name).reduce((sum, body) => sum + body.length, 0),
    );
    expect(bytes).toBeLessThan(plainBytes * share);
    const [plain, short] = await received(stage, CHANGES + 1);
    expect(short).toEqual(plain);
  });

  test("that were parked are sent so, and earlier ones in another form stay readable", async () => {
    await using stage = await Stage.start(routing());
    const lane = new TestLane();
    await route(stage.runtime, rawEvent([lane.frame(manyChanges)]));
    stage.deploy(routing(settings));
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
    expect(waiting(stage, "search").map((body) => body.includes(mark))).toEqual([false, true]);
    const [plain, mixed] = await received(stage, 2 * CHANGES);
    expect(mixed).toEqual(plain);
  });
});

const ALL_SETTINGS: readonly Settings[] = [{}, ...FORMS.map(({ settings }) => settings)];
const switches = ALL_SETTINGS.flatMap((before) =>
  ALL_SETTINGS.filter((after) => after !== before).map((after) => ({ before, after })),
);

test.each(switches)(
  "a frame of which a message was sent with $before arrives whole with $after",
  async ({ before, after }) => {
    await using stage = await Stage.start(routing(before));
    const clients = stage.newClients();
    let sends = 0;
    aroundRequests(clients.sqs, async (request, send) => {
      if (String(inputOf(request)["QueueUrl"]).endsWith(QUEUE) && ++sends > 1) {
        throw Object.assign(new Error("the invocation ends here"), { name: "ExpiredToken" });
      }
      return send();
    });
    // Three plain envelopes, two messages in the other forms.
    const long = [
      ...Array.from({ length: 1500 }, () => ({})),
      ...Array.from({ length: 16 }, () => ({ text: "x".repeat(100_000) })),
    ];
    const event = rawEvent([new TestLane().frame(long)]);
    expect(await route(stage.runtimeWith(clients), event)).toHaveLength(1);
    expect(waiting(stage, "search")).toHaveLength(1);

    stage.deploy(routing(after));
    expect(await route(stage.runtimeWith(stage.clients), event)).toEqual([]);
    const texts = await Promise.all(waiting(stage, "search").map(messageText));
    const [first = [], ...others] = texts.map((text) =>
      decodeMessage(text).changes.map(({ id }) => id),
    );
    expect(new Set([...first, ...others.flat()]).size).toBe(long.length);
    // In order, and only what the first message had comes again.
    const again = others.flat();
    expect(again.slice(again.length - (long.length - first.length))).toEqual(
      again.filter((id) => !first.includes(id)),
    );
    expect(new Set(again).size).toBe(again.length);
  },
);
