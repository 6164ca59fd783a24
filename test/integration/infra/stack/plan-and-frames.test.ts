import { ReceiveMessageCommand } from "@aws-sdk/client-sqs";
import { afterEach, describe, expect, test } from "vitest";
import type { RoutingInput } from "../../../../config/routing.ts";
import { synthesize } from "../../../../infra/local/template/synthesize.ts";
import { stepsTo } from "../../../../operator/commands/plan/steps.ts";
import { deployedOf } from "../../../../operator/shared/deployed.ts";
import { messageText } from "../../../../wire/compressed-message.ts";
import { environmentQueueName } from "../../../../wire/names.ts";
import { exampleConfiguration } from "../../../support/example-stack.ts";
import {
  SOURCE,
  TestLane,
  withShapes,
  type TestChange,
} from "../../../support/functions/frames.ts";
import { rawEvent, retry, route } from "../../../support/functions/invoke.ts";
import { Stage } from "../../../support/functions/stage.ts";

// When a changed configuration is deployed, one message waits in an environment's queue, one change
// is parked, and one frame waits in the raw queue. Compares what `plan` says about each of them
// with what the deployed functions then do.

type Routing = Pick<RoutingInput, "environments" | "subscribers" | "otherUsers">;

const production = { users: ["app_prod"] };
const staging = { users: ["app_staging"] };
const billing = { tables: ["shop.*"] };
const BEFORE = { environments: { production, staging }, subscribers: { billing } };

interface Received {
  readonly environment: string;
  readonly group: string;
  readonly text: string;
  readonly isCompressed: boolean;
}

/** The three changes, as they were received at last. `null`: not received. */
interface Ended {
  readonly waited: Received | null;
  readonly parked: Received | null;
  readonly inFrame: Received | null;
}

let stage: Stage;
afterEach(() => stage[Symbol.asyncDispose]());

/** Writes the three changes, deploys, lets the functions work, and receives everything. */
async function through(after: Routing, change: TestChange, from: string): Promise<Ended> {
  stage = await Stage.start(BEFORE);
  const lane = new TestLane();
  const frame = (n: number): string =>
    withShapes(lane.frame([{ ...change, id: 5, mail: `<${n}>` }]));
  await route(stage.runtime, rawEvent([frame(1)]));
  const trouble = stage.breakQueue(from, "AccessDenied");
  await route(stage.runtime, rawEvent([frame(2)]));
  trouble.remove();
  const waiting = frame(3);

  const queues = stage.pairs().map(String);
  stage.deploy(after);
  for (const pair of stage.pairs()) {
    const [environment, subscriber] = pair;
    if (!queues.includes(String(pair)))
      await stage.createQueue(environmentQueueName(SOURCE, subscriber, environment));
  }
  const deployed = stage.runtimeWith(stage.clients);
  await route(deployed, rawEvent([waiting]));
  stage.clock.advance(3_600_000);
  await retry(deployed);

  const all = await receivedAll();
  const [waited = null, parked = null, inFrame = null] = [1, 2, 3].map(
    (n) => all.find(({ text }) => text.includes(`<${n}>`)) ?? null,
  );
  expect(all).toHaveLength([waited, parked, inFrame].filter((one) => one !== null).length);
  return { waited, parked, inFrame };
}

async function receivedAll(): Promise<Received[]> {
  const all: Received[] = [];
  for (const environment of ["production", "staging", "unrouted"]) {
    const QueueUrl = stage.queueUrl(environmentQueueName(SOURCE, "billing", environment));
    for (;;) {
      const { Messages: messages = [] } = await stage.clients.sqs.send(
        new ReceiveMessageCommand({
          QueueUrl,
          MaxNumberOfMessages: 10,
          MessageSystemAttributeNames: ["MessageGroupId"],
        }),
      );
      if (messages.length === 0) break;
      for (const { Body: body = "", Attributes = {} } of messages) {
        const text = await messageText(body);
        const group = Attributes.MessageGroupId ?? "";
        all.push({ environment, group, text, isCompressed: text !== body });
      }
    }
  }
  return all;
}

/** What `plan` says about one key. */
function planned(after: Routing, what: string): string {
  const { template } = synthesize(exampleConfiguration({ ...BEFORE }));
  const steps = stepsTo(exampleConfiguration({ ...after }), deployedOf(JSON.stringify(template)));
  return steps.find((step) => step.what === what)?.text ?? "";
}

/** The sentence of `plan` on each key, the three changes, and what the sentence means for them. */
interface Case {
  readonly title: string;
  readonly after: Routing;
  readonly change?: TestChange;
  /** Where the changes went before. */
  readonly from?: string;
  readonly what: string;
  readonly says: RegExp;
  readonly check: (ended: Ended) => void;
}

const environmentsOf = ({ waited, parked, inFrame }: Ended) =>
  [waited, parked, inFrame].map((one) => one?.environment ?? "nowhere");
const isMaxwell = (one: Received | null) => one?.text.includes('"type":"insert"') === true;

const CASES: readonly Case[] = [
  {
    title: "a user moves to another environment",
    after: {
      environments: { production: { users: [] }, staging: { users: ["app_staging", "app_prod"] } },
      subscribers: { billing },
    },
    what: "environments.production.users",
    says: /also for changes in waiting frames; messages in queues stay where they are$/,
    check: (ended) =>
      expect(environmentsOf(ended)).toEqual(["production", "production", "staging"]),
  },
  {
    title: "other users go to an environment",
    after: { ...BEFORE, otherUsers: "staging" },
    change: { user: "somebody" },
    from: "unrouted",
    what: "otherUsers",
    says: /go to staging instead of unrouted, including those in waiting frames$/,
    check: ({ waited, inFrame }) =>
      expect([waited?.environment, inFrame?.environment]).toEqual(["unrouted", "staging"]),
  },
  {
    title: "a subscriber gets fewer tables",
    after: { ...BEFORE, subscribers: { billing: { tables: ["shop.payments"] } } },
    what: "subscribers.billing.tables",
    says: /frames that wait follow the new list; messages that wait and what is parked stay as they are$/,
    check: (ended) =>
      expect(environmentsOf(ended)).toEqual(["production", "production", "nowhere"]),
  },
  {
    title: "another format",
    after: { ...BEFORE, subscribers: { billing: { ...billing, format: "maxwell" } } },
    what: "subscribers.billing.format",
    says: /messages that wait stay in the former format; the application has to read both$/,
    check: ({ waited, parked, inFrame }) =>
      expect([waited, parked, inFrame].map(isMaxwell)).toEqual([false, false, true]),
  },
  {
    title: "another grouping",
    after: { ...BEFORE, subscribers: { billing: { ...billing, groupBy: "key" } } },
    what: "subscribers.billing.groupBy",
    says: /messages that wait keep their groups, so a row's changes from before and after/,
    check: ({ waited, parked, inFrame }) => {
      expect(waited?.group).toBe(parked?.group);
      expect(inFrame?.group).not.toBe(waited?.group);
      expect(inFrame?.environment).toBe("production");
    },
  },
  {
    title: "compressed messages",
    after: { ...BEFORE, subscribers: { billing: { ...billing, encoding: "zstd" } } },
    change: { text: "long ".repeat(4_000) },
    what: "subscribers.billing.encoding",
    says: /messages that wait stay as they are written; the application has to read both/,
    check: ({ waited, parked, inFrame }) =>
      expect([waited, parked, inFrame].map((one) => one?.isCompressed)).toEqual([
        false,
        false,
        true,
      ]),
  },
  {
    title: "a condition on rows",
    after: { ...BEFORE, subscribers: { billing: { ...billing, where: "id > 5" } } },
    what: "subscribers.billing.where",
    says: /messages that wait stay as they are, and rows that only the new condition/,
    check: (ended) =>
      expect(environmentsOf(ended)).toEqual(["production", "production", "nowhere"]),
  },
  {
    title: "hidden columns",
    after: {
      ...BEFORE,
      subscribers: { billing: { ...billing, columns: { exclude: ["shop.*.text"] } } },
    },
    change: { text: "hidden" },
    what: "subscribers.billing.columns",
    says: /messages that wait, parked ones included, keep the columns that they have/,
    check: ({ waited, parked, inFrame }) =>
      expect([waited, parked, inFrame].map((one) => one?.text.includes("hidden"))).toEqual([
        true,
        true,
        false,
      ]),
  },
  {
    title: "nothing",
    after: { ...BEFORE, subscribers: { billing } },
    what: "",
    says: /^keeps 8 queues, and the messages in them unless a line below says otherwise$/,
    check: (ended) =>
      expect(environmentsOf(ended)).toEqual(["production", "production", "production"]),
  },
];

describe("what plan says is what happens to a waiting message, a parked change and a waiting frame", () => {
  test.each(CASES)("$title", async ({ after, change = {}, from, what, says, check }) => {
    expect(planned(after, what)).toMatch(says);
    check(await through(after, change, from ?? "production"));
  });
});
