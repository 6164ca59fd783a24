import { UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { ReceiveMessageCommand } from "@aws-sdk/client-sqs";
import { afterEach, describe, expect, test } from "vitest";
import type { RoutingInput } from "../../../../config/routing.ts";
import { synthesize } from "../../../../infra/local/template/synthesize.ts";
import { stepsTo } from "../../../../operator/commands/plan/steps.ts";
import { deployedOf } from "../../../../operator/shared/deployed.ts";
import { messageText } from "../../../../wire/compressed-message.ts";
import { environmentQueueName } from "../../../../wire/names.ts";
import { sessionUpdates } from "../../../../wire/session-items.ts";
import type { SessionEntry } from "../../../../wire/session.ts";
import { exampleConfiguration } from "../../../support/example-stack.ts";
import {
  SERVER,
  SOURCE,
  TestLane,
  withShapes,
  type TestChange,
} from "../../../support/functions/frames.ts";
import { rawEvent, retry, route } from "../../../support/functions/invoke.ts";
import { Stage } from "../../../support/functions/stage.ts";

// When a changed configuration is deployed, one message waits in an environment's queue, one change
// is parked for a queue, another one without an author, and one frame waits in the raw queue.
// Compares what `plan` says about each of them with what the deployed functions then do.

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

/** The four changes, as they were received at last. `null`: not received. */
interface Ended {
  readonly waited: Received | null;
  readonly parked: Received | null;
  readonly inFrame: Received | null;
  /** Its author becomes known after the deployment. */
  readonly orphan: Received | null;
}

const THREAD = 24;

let stage: Stage;
afterEach(() => stage[Symbol.asyncDispose]());

/** Writes the four changes, deploys, lets the functions work, and receives everything. */
async function through(after: Routing, change: TestChange, from: string): Promise<Ended> {
  stage = await Stage.start(BEFORE);
  const lane = new TestLane();
  const frame = (n: number, by: Partial<TestChange> = {}): string =>
    withShapes(lane.frame([{ ...change, ...by, id: 5, mail: `<${n}>` }]));
  await route(stage.runtime, rawEvent([frame(1), frame(4, { user: null, thread: THREAD })]));
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
  await nameAuthor(change.user ?? "app_prod");
  stage.clock.advance(3_600_000);
  await retry(deployed);

  const all = await receivedAll();
  const [waited = null, parked = null, inFrame = null, orphan = null] = [1, 2, 3, 4].map(
    (n) => all.find(({ text }) => text.includes(`<${n}>`)) ?? null,
  );
  expect(all).toHaveLength([waited, parked, inFrame, orphan].filter((one) => one !== null).length);
  return { waited, parked, inFrame, orphan };
}

/** Records the user of the connection of the change that is parked without an author. */
async function nameAuthor(user: string): Promise<void> {
  const entries: SessionEntry[] = [{ from: "", user, host: "10.0.0.1", attribution: "sweep" }];
  const known = [{ connection: { server: SERVER, run: 1, thread: THREAD }, entries }];
  for (const update of sessionUpdates(known, 0).values())
    await stage.clients.dynamodb.send(new UpdateItemCommand({ TableName: "sessions", ...update }));
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

/** The sentence of `plan` on each key, the four changes, and what the sentence means for them. */
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

const environmentsOf = ({ waited, parked, inFrame, orphan }: Ended) =>
  [waited, parked, inFrame, orphan].map((one) => one?.environment ?? "nowhere");
const isMaxwell = (one: Received | null) => one?.text.includes('"type":"insert"') === true;

const CASES: readonly Case[] = [
  {
    title: "a user moves to another environment",
    after: {
      environments: { production: { users: [] }, staging: { users: ["app_staging", "app_prod"] } },
      subscribers: { billing },
    },
    what: "environments.production.users",
    says: /also for .* what is parked without an author; messages in queues, and what is parked for a queue, stay where they are$/,
    check: (ended) =>
      expect(environmentsOf(ended)).toEqual(["production", "production", "staging", "staging"]),
  },
  {
    title: "other users go to an environment",
    after: { ...BEFORE, otherUsers: "staging" },
    change: { user: "somebody" },
    from: "unrouted",
    what: "otherUsers",
    says: /go to staging instead of unrouted, including those in waiting frames and those that are parked without an author$/,
    check: (ended) =>
      expect(environmentsOf(ended)).toEqual(["unrouted", "unrouted", "staging", "staging"]),
  },
  {
    title: "a subscriber gets fewer tables",
    after: { ...BEFORE, subscribers: { billing: { tables: ["shop.payments"] } } },
    what: "subscribers.billing.tables",
    says: /frames that wait follow the new list; messages that wait stay as they are; what is parked for a queue stays as it is; what is parked without an author follows the new configuration$/,
    check: (ended) =>
      expect(environmentsOf(ended)).toEqual(["production", "production", "nowhere", "nowhere"]),
  },
  {
    title: "another format",
    after: { ...BEFORE, subscribers: { billing: { ...billing, format: "maxwell" } } },
    what: "subscribers.billing.format",
    says: /messages that wait stay in the former format; the application has to read both, which for "compact" needs the client library of this release; what is parked for a queue stays as it is/,
    check: ({ waited, parked, inFrame, orphan }) =>
      expect([waited, parked, inFrame, orphan].map(isMaxwell)).toEqual([false, false, true, true]),
  },
  {
    title: "another grouping",
    after: { ...BEFORE, subscribers: { billing: { ...billing, groupBy: "key" } } },
    what: "subscribers.billing.groupBy",
    says: /messages that wait keep their groups, so a row's changes from before and after/,
    check: ({ waited, parked, inFrame, orphan }) => {
      expect(waited?.group).toBe(parked?.group);
      expect(orphan?.environment).toBe("production");
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
    check: ({ waited, parked, inFrame, orphan }) =>
      expect([waited, parked, inFrame, orphan].map((one) => one?.isCompressed)).toEqual([
        false,
        false,
        true,
        true,
      ]),
  },
  {
    title: "a condition on rows",
    after: { ...BEFORE, subscribers: { billing: { ...billing, where: "id > 5" } } },
    what: "subscribers.billing.where",
    says: /messages that wait stay as they are, and rows that only the new condition/,
    check: (ended) =>
      expect(environmentsOf(ended)).toEqual(["production", "production", "nowhere", "nowhere"]),
  },
  {
    title: "hidden columns",
    after: {
      ...BEFORE,
      subscribers: { billing: { ...billing, columns: { exclude: ["shop.*.text"] } } },
    },
    change: { text: "hidden" },
    what: "subscribers.billing.columns",
    says: /messages that wait keep the columns that they have; .*what is parked for a queue stays as it is/,
    check: ({ waited, parked, inFrame, orphan }) =>
      expect([waited, parked, inFrame, orphan].map((one) => one?.text.includes("hidden"))).toEqual([
        true,
        true,
        false,
        false,
      ]),
  },
  {
    title: "nothing",
    after: { ...BEFORE, subscribers: { billing } },
    what: "",
    says: /^keeps 8 queues, and the messages in them unless a line below says otherwise$/,
    check: (ended) =>
      expect(environmentsOf(ended)).toEqual(Array.from({ length: 4 }, () => "production")),
  },
];

describe("what plan says is what happens to a waiting message, parked changes and a waiting frame", () => {
  test.each(CASES)("$title", async ({ after, change = {}, from, what, says, check }) => {
    expect(planned(after, what)).toMatch(says);
    check(await through(after, change, from ?? "production"));
  });
});
