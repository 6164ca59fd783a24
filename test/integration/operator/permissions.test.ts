import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { SendMessageCommand } from "@aws-sdk/client-sqs";
import { expect, test } from "vitest";
import { rawDeadLetterQueueName } from "../../../config/queues.ts";
import { exampleTemplate } from "../../support/example-stack.ts";
import { SERVER, SOURCE, TestLane } from "../../support/functions/frames.ts";
import { rawEvent, route } from "../../support/functions/invoke.ts";
import { Stage } from "../../support/functions/stage.ts";
import { binlogRouter, stackFileOf } from "../../support/operator.ts";

/** Actions that only a local run uses. */
const LOCAL_ONLY = new Set(["sqs:ListQueues"]);

interface Statement {
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
}

/** The statements of the policy for operators. */
function operatorStatements(): readonly Statement[] {
  const [policy] = Object.values(
    exampleTemplate().findResources("AWS::IAM::ManagedPolicy", {
      Properties: { Description: "Runs the operators' commands for the source shop" },
    }),
  );
  return policy?.["Properties"].PolicyDocument.Statement as Statement[];
}

/**
 * The actions that the policy allows on a table, given a part of the table's logical id, or on a
 * service.
 */
function allowed(statements: readonly Statement[], resource: string): Set<string> {
  return new Set(
    statements
      .filter((one) => JSON.stringify(one).includes(resource))
      .flatMap(({ Action }) => Action),
  );
}

test("the policy for operators allows what their commands do, table by table", async () => {
  await using stage = await Stage.start();
  await stage.createRawQueue({ visibilitySeconds: 45, maxReceives: 1000 });
  const directory = await mkdtemp(join(tmpdir(), "permissions-"));
  const config = join(directory, "config.json");
  const stack = join(directory, "stack.json");
  await writeFile(config, JSON.stringify({ environments: { test: { users: ["app_test"] } } }));
  await writeFile(stack, JSON.stringify(stackFileOf(stage.aws)));
  try {
    stage.breakQueue("staging", "AccessDenied");
    const lane = new TestLane();
    // A body that is too large for DynamoDB, and a change by an unknown author.
    const text = Array.from({ length: 700_000 }, (_, n) => (n * 7919).toString(36)).join("");
    await route(stage.runtime, rawEvent([lane.frame([{ user: "app_staging", text }])]));
    await route(stage.runtime, rawEvent([lane.frame([{ user: null, thread: 9 }])]));
    await stage.clients.sqs.send(
      new SendMessageCommand({
        QueueUrl: stage.queueUrl(rawDeadLetterQueueName(SOURCE)),
        MessageBody: lane.frame([{}]),
        MessageGroupId: "lane-0",
        MessageDeduplicationId: "1",
      }),
    );
    await stage.clients.dynamodb.send(
      new UpdateItemCommand({ TableName: "offsets", Key: { id: { S: "reader" } } }),
    );

    const before = requests(stage);
    const stream = "queue/0/shop-billing-staging.fifo";
    for (const command of [
      ["failures", "list"],
      ["failures", "show", stream],
      ["failures", "export", "--output", join(directory, "export.jsonl")],
      ["failures", "retry", "--all"],
      ["failures", "lanes"],
      ["failures", "attribute", `${SERVER}/1/9`, "--user", "app_test", "--config", config, "--yes"],
      ["failures", "redrive"],
      ["failures", "discard", stream, "--yes"],
      ["offsets", "show"],
      ["offsets", "set", "--now", "--yes"],
      ["snapshot", "list"],
    ]) {
      const ended = await binlogRouter([...command, "--local", stack]);
      expect(ended, command.join(" ")).toMatchObject({ code: 0 });
    }
    const asked = requests(stage).filter((one) => !before.includes(one));

    const statements = operatorStatements();
    for (const [service, resource, id] of [
      ["dynamodb", "offsets", "TablesOffsets"],
      ["dynamodb", "sessions", "TablesSessions"],
      ["dynamodb", "failures", "TablesFailures"],
      ["sqs", "", "sqs:"],
      ["s3", "", "s3:"],
    ] as const) {
      const actions = asked
        .filter((one) => one.startsWith(`${service} ${resource}`))
        .map((one) => `${service}:${one.split(" ")[2]}`)
        .filter((action) => !LOCAL_ONLY.has(action));
      expect(actions, resource).not.toEqual([]);
      expect(
        actions.filter((action) => !allowed(statements, id).has(action)),
        resource,
      ).toEqual([]);
    }
  } finally {
    await rm(directory, { recursive: true });
  }
});

/** All requests so far, each as `service resource action`, repeats included. */
function requests({ aws }: Stage): string[] {
  return (["dynamodb", "sqs", "s3"] as const).flatMap((service) =>
    Object.entries(aws.counts(service).resources).flatMap(([resource, actions]) =>
      Object.entries(actions).map(([action, count]) => `${service} ${resource} ${action} ${count}`),
    ),
  );
}
