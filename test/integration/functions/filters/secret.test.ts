import { Logger } from "@aws-lambda-powertools/logger";
import { CreateSecretCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { startLocalAws, type LocalAws } from "@binlog-router/local-aws";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import type { RoutingInput } from "../../../../config/routing.ts";
import { FilterSecret } from "../../../../functions/aws/filter-secret.ts";
import { readState } from "../../../../functions/failures/route-items.ts";
import { queueStream } from "../../../../functions/failures/stream.ts";
import {
  startFilterSecret,
  withFilterSecret,
} from "../../../../functions/main/with-filter-secret.ts";
import type { RetryRuntime } from "../../../../functions/retry/retry-handler.ts";
import { environmentQueueName } from "../../../../wire/names.ts";
import { SOURCE, TestLane } from "../../../support/functions/frames.ts";
import { CountingMetrics, rawEvent, retry, route } from "../../../support/functions/invoke.ts";
import { numbers } from "../../../support/functions/received.ts";
import { FILTER_SECRET, Stage } from "../../../support/functions/stage.ts";

async function createSecret(name: string): Promise<string> {
  const client = new SecretsManagerClient({});
  const { ARN = "" } = await client.send(
    new CreateSecretCommand({ Name: name, SecretString: "the text" }),
  );
  client.destroy();
  return ARN;
}

describe("the secret of the filters", () => {
  let aws: LocalAws;
  beforeAll(async () => {
    aws = await startLocalAws();
    vi.stubEnv("AWS_REGION", aws.region);
    vi.stubEnv("AWS_ACCESS_KEY_ID", aws.credentials.accessKeyId);
    vi.stubEnv("AWS_SECRET_ACCESS_KEY", aws.credentials.secretAccessKey);
    vi.stubEnv("AWS_ENDPOINT_URL_SECRETS_MANAGER", aws.endpoints.secretsManager);
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await aws[Symbol.asyncDispose]();
  });

  const silent = new Logger({ logLevel: "SILENT" });
  const arnOf = (name: string) =>
    `arn:aws:secretsmanager:${aws.region}:${aws.accountId}:secret:${name}`;

  test("is read by its ARN when the function starts", async () => {
    const secret = await startFilterSecret(await createSecret("filters"), silent);
    expect(secret).toMatchObject({ value: "the text", isUnread: false });
  });

  test("is null when the stack has none", async () => {
    expect(await startFilterSecret(null, silent)).toMatchObject({ value: null, isUnread: false });
  });

  test("is read by later invocations, with pauses, when it cannot be read at the start", async () => {
    const arn = arnOf("late");
    let nowMs = 0;
    const errors: unknown[] = [];
    const secret = new FilterSecret({
      arn,
      onFailure: (error) => errors.push(error),
      now: () => nowMs,
    });
    const handler = withFilterSecret(secret, () => Promise.resolve(secret.value));
    expect(await handler({}, {})).toBeNull();
    expect(secret.isUnread).toBe(true);
    expect(errors).toMatchObject([{ name: "ResourceNotFoundException" }]);

    await createSecret("late");
    nowMs = 9_999;
    expect(await handler({}, {})).toBeNull();
    nowMs = 10_000;
    expect(await handler({}, {})).toBe("the text");
    expect(errors).toHaveLength(1);
  });
});

/** The tables have message groups of their own. */
const sorted = (messages: Parameters<typeof numbers>[0]) =>
  numbers(messages).toSorted((a, b) => a - b);

describe("the route and retry functions without the secret", () => {
  const MINUTE_MS = 60_000;
  const ROUTING: RoutingInput = {
    environments: { production: { users: ["app_prod"] }, staging: { users: ["app_staging"] } },
    subscribers: {
      plain: { tables: ["shop.*"] },
      masked: { tables: ["shop.*"], columns: { mask: { "shop.customers.mail": "hash" } } },
    },
  };
  const UNREAD = { value: null, isUnread: true };

  let stage: Stage;
  let unread: RetryRuntime;
  beforeEach(async () => {
    stage = await Stage.start(ROUTING);
    unread = stage.runtimeWith(stage.clients, { filterSecret: UNREAD });
  });
  afterEach(() => stage[Symbol.asyncDispose]());

  const customer = { table: "shop.customers", mail: "ada@example.com" };
  const masked = (environment: string) =>
    readState(
      stage.clients.dynamodb,
      "failures",
      queueStream(0, environmentQueueName(SOURCE, "masked", environment)),
    );

  test("park only the queues whose rows need it, and deliver these rows masked later", async () => {
    const lane = new TestLane();
    const metrics = new CountingMetrics();
    const frames = [
      lane.frame([{}, { ...customer }, { user: "app_staging" }]),
      lane.frame([{}, { user: "app_staging" }]),
    ];
    for (const frame of frames) {
      expect(await route(unread, rawEvent([frame]), metrics)).toEqual([]);
    }
    expect(sorted(await stage.receiveAll("production", "plain"))).toEqual([1, 2, 4]);
    expect(numbers(await stage.receiveAll("staging", "plain"))).toEqual([3, 5]);
    expect(numbers(await stage.receiveAll("staging", "masked"))).toEqual([3, 5]);
    expect(await stage.receiveAll("production", "masked")).toEqual([]);
    expect(await masked("production")).toMatchObject({
      status: "open",
      trouble: {
        reason: "fault",
        error: expect.stringMatching(/^FilterSecretUnreadError: .*FILTER_SECRET_ARN/) as string,
      },
    });
    expect(metrics.totals.get("ChangesFaulty")).toBe(2);

    stage.clock.advance(MINUTE_MS);
    await retry(unread);
    expect(await stage.receiveAll("production", "masked")).toEqual([]);

    stage.clock.advance(MINUTE_MS);
    await retry(stage.runtime);
    const messages = await stage.receiveAll("production", "masked");
    expect(sorted(messages)).toEqual([1, 2, 4]);
    expect(JSON.stringify(messages)).not.toContain(customer.mail);
    expect(JSON.stringify(messages)).toMatch(/"mail":"[0-9a-f]{64}"/);
    expect(await masked("production")).toMatchObject({ status: "closed" });
  });

  test("let a record that was sealed with it wait, without counting an attempt", async () => {
    const faulty: RetryRuntime = {
      ...stage.runtime,
      rules: {
        ...stage.runtime.rules,
        regroup: () => {
          throw new TypeError("a mistake");
        },
      },
    };
    await route(faulty, rawEvent([new TestLane().frame([{ ...customer }])]));
    for (let n = 0; n < 3; n++) {
      stage.clock.advance(MINUTE_MS);
      await retry(unread);
    }
    expect(await masked("production")).toMatchObject({ status: "open", attempts: 0 });
    stage.clock.advance(MINUTE_MS);
    await retry(
      stage.runtimeWith(stage.clients, { filterSecret: { value: FILTER_SECRET, isUnread: false } }),
    );
    expect(numbers(await stage.receiveAll("production", "masked"))).toEqual([1]);
  });
});
