import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { PutItemCommand, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { ReceiveMessageCommand, SendMessageCommand } from "@aws-sdk/client-sqs";
import { recordItemKey } from "../../../../../functions/failures/items.ts";
import { parseStream, threadStream } from "../../../../../functions/failures/stream.ts";
import { rawQueueName } from "../../../../../wire/names.ts";
import { SessionsTable } from "../../../../../reader/sessions/sessions-table.ts";
import { describeStacks } from "../../../../support/cloud-formation.ts";
import { killAt } from "../../../../support/functions/crashing.ts";
import { SERVER, SOURCE, TestLane } from "../../../../support/functions/frames.ts";
import { CountingMetrics, rawEvent, retry, route } from "../../../../support/functions/invoke.ts";
import { numbers } from "../../../../support/functions/received.ts";
import { Stage } from "../../../../support/functions/stage.ts";
import {
  binlogRouter,
  type Ended,
  operatorProgram,
  stackFileOf,
} from "../../../../support/operator.ts";

const LIFE_A = "aaaaaaaa-1111-4111-8111-111111111111";
const LIFE_B = "bbbbbbbb-2222-4222-8222-222222222222";
const STREAM = "queue/0/shop-billing-staging.fifo";
const ENVIRONMENTS = {
  staging: { users: ["app_staging"] },
  test: { users: ["app_test"] },
  office: { users: ["clerk@10.*"] },
};
const GIVE_UP_AT_ONCE = { backoff: { baseMs: 1, longestMs: 1, attempts: 1 } };

describe("npm run failures", () => {
  let stage: Stage;
  let directory: string;
  let config: string;
  beforeEach(async () => {
    stage = await Stage.start();
    directory = await mkdtemp(join(tmpdir(), "failures-command-"));
    await writeFile(join(directory, "stack.json"), JSON.stringify(stackFileOf(stage.aws)));
    config = join(directory, "configuration.json");
    await writeFile(config, JSON.stringify({ environments: ENVIRONMENTS }));
  });
  afterEach(async () => {
    await rm(directory, { recursive: true });
    await stage[Symbol.asyncDispose]();
  });

  test("lists, shows, exports and retries what a queue in trouble holds up", async () => {
    const fault = stage.breakQueue("staging", "AccessDenied");
    const lane = new TestLane();
    await route(
      stage.runtime,
      rawEvent([lane.frame([{ user: "app_staging" }, { user: "app_staging" }])]),
    );
    await route(stage.runtime, rawEvent([lane.frame([{ user: "app_staging" }])]));
    stage.clock.advance(60_000);
    await retry(stage.runtime, GIVE_UP_AT_ONCE);

    expect(JSON.parse((await failures("list", "--json")).out)).toEqual([
      expect.objectContaining({
        stream: STREAM,
        status: "dead",
        reason: "access-denied",
        error: expect.stringMatching(/^AccessDenied/),
        records: 2,
        changes: 3,
        attempts: 1,
        nextAttemptAt: null,
      }),
    ]);
    const table = (await failures("list")).out;
    expect(table).toContain(STREAM);
    expect(table).toContain("dead");
    expect(await json("show", STREAM, "--limit", "0")).toMatchObject({ records: [] });
    const shown = await failures("show", STREAM, "--limit", "1", "--body");
    expect(shown.out).toContain("access-denied");
    expect(shown.out).toContain("shop.orders");

    const { records } = JSON.parse((await failures("show", STREAM, "--json")).out) as {
      readonly records: readonly unknown[];
    };
    const parkedAt = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:]+Z$/) as string;
    expect(records).toEqual([
      {
        position: `${lane.position(1)}/${lane.position(2)}`,
        status: "parked",
        reason: "access-denied",
        error: expect.stringMatching(/^AccessDenied/) as string,
        changes: 2,
        bytes: expect.any(Number) as number,
        progress: 0,
        attempts: 1,
        parkedAt,
        lastFailureAt: parkedAt,
        nextAttemptAt: null,
      },
      expect.objectContaining({ reason: "behind", error: "", attempts: 0, lastFailureAt: "" }),
    ]);

    const file = join(directory, "export.jsonl");
    expect(await failures("export", "--output", file)).toMatchObject({ code: 0 });
    const lines = (await readFile(file, "utf8")).trimEnd().split("\n");
    const exported = lines.map((line) => JSON.parse(line) as unknown);
    expect(exported).toMatchObject([
      { changes: 2, attempts: 1, reason: "access-denied", messages: [{ changes: 2 }] },
      { changes: 1, attempts: 0, reason: "behind", messages: [{ changes: 1 }] },
    ]);

    fault.remove();
    stage.clock.advance(60_000);
    await retry(stage.runtime);
    expect(await stage.receiveAll("staging")).toEqual([]);
    expect((await failures("retry", "--reason", "access-denied")).out).toMatch(/^1 stream is due/);
    await retry(stage.runtime);
    expect(numbers(await stage.receiveAll("staging"))).toEqual([1, 2, 3]);
    expect((await failures("list")).out).toBe("Nothing is parked.\n");
  });

  test("shows how far a record was delivered", async () => {
    const lane = new TestLane();
    const changes = Array.from({ length: 1_001 }, () => ({ user: null, thread: 7 }));
    await route(stage.runtime, rawEvent([lane.frame(changes)]));
    await new SessionsTable(stage.clients.dynamodb, "sessions").record([
      {
        connection: { server: SERVER, run: 1, thread: 7 },
        entries: [{ from: "", user: "app_staging", host: "10.0.0.1", attribution: "sweep" }],
      },
    ]);
    stage.deploy({
      environments: ENVIRONMENTS,
      subscribers: { billing: { tables: ["shop.*"], format: "maxwell" } },
    });
    stage.clock.advance(60_000);
    const clients = stage.newClients("retry");
    killAt(clients, 600, "after");
    await retry(stage.runtimeWith(clients)).catch(() => undefined);
    for (const client of Object.values(clients)) client.destroy();

    const [listed] = JSON.parse((await failures("list", "--json")).out) as {
      readonly stream: string;
    }[];
    const stream = listed?.stream ?? "";
    expect(JSON.parse((await failures("show", stream, "--json")).out)).toMatchObject({
      records: [{ changes: 1_001, progress: 500 }],
    });
    expect((await failures("show", stream)).out).toMatch(/done with[^]*\b1001 +│ \d+ +│ 500 /);
  });

  test("shows how far a queue's record was delivered", async () => {
    const fault = stage.breakQueue("staging", "AccessDenied");
    await route(stage.runtime, rawEvent([new TestLane().frame([{ user: "app_staging" }])]));
    fault.remove();
    const position = new TestLane().position(1);
    await stage.clients.dynamodb.send(
      new UpdateItemCommand({
        TableName: "failures",
        Key: recordItemKey(parseStream(STREAM), `${position}/${position}`),
        UpdateExpression: "SET progress = :done",
        ExpressionAttributeValues: { ":done": { N: "7" } },
      }),
    );
    expect(await json("show", STREAM)).toMatchObject({ records: [{ progress: 7 }] });
  });

  test("ends with a sentence where the export cannot be written, and without a word behind head", async () => {
    const fault = stage.breakQueue("staging", "AccessDenied");
    await route(stage.runtime, rawEvent([new TestLane().frame([{ user: "app_staging" }])]));
    fault.remove();
    const file = join(directory, "missing", "export.jsonl");
    expect(await failures("export", "--output", file)).toEqual({
      code: 2,
      out: "",
      problem: `ENOENT: no such file or directory, open '${file}'\n`,
    });
    for (const command of ["export", "list"]) {
      const { main } = operatorProgram();
      const line = `"${process.execPath}" ${main} failures ${command} --local ${join(directory, "stack.json")}`;
      const run = promisify(execFile);
      const full = await run("bash", ["-c", `${line} > /dev/full; echo $?`]);
      expect(full).toEqual({ stdout: "2\n", stderr: "ENOSPC: no space left on device, write\n" });
      const closed = await run("bash", ["-o", "pipefail", "-c", `${line} | true; echo $?`]);
      expect(closed).toEqual({ stdout: "0\n", stderr: "" });
    }
  });

  test("lists all lanes beside large items, and finds the dead frames behind a thousand queues", async () => {
    const items = [
      ...Array.from({ length: 4 }, (_, n) => ({
        id: { S: `large#${n}` },
        pad: { S: "x".repeat(390_000) },
      })),
      ...Array.from({ length: 16 }, (_, n) => ({ id: { S: `lane#${n}` } })),
    ];
    for (const Item of items)
      await stage.clients.dynamodb.send(new PutItemCommand({ TableName: "offsets", Item }));
    const numbered = ((await json("lanes")) as { readonly lane: number }[]).map(({ lane }) => lane);
    expect(numbered).toEqual(Array.from({ length: 16 }, (_, n) => n));

    await stage.createRawQueue({ visibilitySeconds: 60, maxReceives: 10 });
    // A thousand connections at once would take too long to be established.
    for (let begun = 0; begun < 1000; begun += 50) {
      const names = Array.from({ length: 50 }, (_, n) => `a-${begun + n}.fifo`);
      await Promise.all(names.map((name) => stage.createQueue(name)));
    }
    expect(await json("redrive")).toEqual({ moved: 0, waiting: 0 });
  });

  test("shows when the first record is tried next, and how often it was tried", async () => {
    stage.breakQueue("staging", "RequestThrottled");
    const lane = new TestLane();
    for (let n = 0; n < 2; n++) {
      await route(stage.runtime, rawEvent([lane.frame([{ user: "app_staging" }])]));
    }
    for (let n = 0; n < 2; n++) {
      stage.clock.advance(60_000);
      await retry(stage.runtime);
    }
    const shown = JSON.parse((await failures("show", STREAM, "--json")).out) as {
      readonly nextAttemptAt: string;
    };
    expect(Date.parse(shown.nextAttemptAt)).toBeGreaterThan(stage.clock.now());
    expect(shown).toMatchObject({
      status: "open",
      attempts: 2,
      records: [
        { reason: "throttled", attempts: 2, nextAttemptAt: shown.nextAttemptAt },
        { reason: "behind", attempts: 0, nextAttemptAt: null },
      ],
    });
  });

  test("answers programs with JSON, each command", async () => {
    const fault = stage.breakQueue("staging", "AccessDenied");
    const lane = new TestLane();
    for (const user of ["app_staging", "app_staging", null]) {
      await route(stage.runtime, rawEvent([lane.frame([{ user, thread: 24 }])]));
    }
    fault.remove();
    await stage.createRawQueue({ visibilitySeconds: 60, maxReceives: 10 });
    const connection = `${SERVER}/1/24`;
    expect(await json("list")).toMatchObject([
      { stream: STREAM, reason: "access-denied", records: 2, changes: 2 },
      {
        stream: `thread/0/${connection}`,
        reason: "unattributed",
        records: 1,
        changes: 1,
        first: { tables: ["shop.orders"], committedFrom: "2026-11-20T15:53:20Z" },
      },
    ]);
    expect(await json("show", `thread/0/${connection}`)).toMatchObject({
      records: [{ tables: ["shop.orders"], committedFrom: "2026-11-20T15:53:20Z" }],
    });
    expect(await json("show", STREAM, "--limit", "1", "--body")).toMatchObject({
      stream: STREAM,
      records: [{ changes: 1, body: expect.stringContaining("shop.orders") as string }],
    });
    const output = join(directory, "export.jsonl");
    expect(await json("export", STREAM, "--output", output)).toEqual({ output, records: 2 });
    expect(await json("discard", STREAM, "--yes")).toEqual({
      stream: STREAM,
      discarded: 1,
      from: expect.any(String) as string,
    });
    expect(await json("retry", "--all")).toEqual({
      due: expect.arrayContaining([STREAM, `thread/0/${connection}`]) as string[],
    });
    expect(
      await json("attribute", connection, "--user", "app_test", "--config", config, "--yes"),
    ).toEqual({
      connection,
      user: "app_test",
      host: "",
      environment: "test",
      due: 1,
    });
    expect(await json("redrive")).toEqual({ moved: 0, waiting: 0 });
    expect(await json("lanes")).toMatchObject([{ lane: 0, delivered: lane.position(3) }]);
    expect(await json("accept-gap", "0", lane.position(9), "-", "--yes")).toEqual({
      lane: 0,
      delivered: lane.position(9),
    });
  });

  test("redrive does not call a queue empty while an interrupted redrive holds its messages", async () => {
    await stage.createRawQueue({ visibilitySeconds: 600, maxReceives: 2 });
    const { sqs } = stage.clients;
    const QueueUrl = stage.queueUrl(rawQueueName(SOURCE).replace(".fifo", "-dead.fifo"));
    await sqs.send(
      new SendMessageCommand({
        QueueUrl,
        MessageGroupId: "0",
        MessageDeduplicationId: "letter",
        MessageBody: new TestLane().frame([{}]),
      }),
    );
    await sqs.send(new ReceiveMessageCommand({ QueueUrl, VisibilityTimeout: 60 }));

    const interrupted = await failures("redrive");
    expect(interrupted).toMatchObject({
      code: 0,
      out: expect.stringContaining("still has messages (about 1)"),
    });
    expect(interrupted.out).not.toContain("empty");
    stage.clock.advance(60_001);
    expect(await json("redrive")).toEqual({
      moved: 1,
      waiting: 0,
    });
  });

  test("discards only with --yes, and lets the other records go on", async () => {
    const fault = stage.breakQueue("staging", "AccessDenied");
    const lane = new TestLane();
    for (let n = 0; n < 3; n++) {
      await route(stage.runtime, rawEvent([lane.frame([{ user: "app_staging" }])]));
    }
    fault.remove();

    const asked = await failures("discard", STREAM);
    expect(asked).toMatchObject({ code: 2, problem: expect.stringContaining("--yes") });
    expect(await failures("discard", STREAM, "--yes")).toMatchObject({ code: 0 });
    await retry(stage.runtime);
    expect(numbers(await stage.receiveAll("staging"))).toEqual([2, 3]);
  });

  test("a discard that names its record gives up no other one, however often it is run", async () => {
    const fault = stage.breakQueue("staging", "AccessDenied");
    const lane = new TestLane();
    for (let n = 0; n < 3; n++) {
      await route(stage.runtime, rawEvent([lane.frame([{ user: "app_staging" }])]));
    }
    fault.remove();

    const first = lane.position(1);
    expect((await failures("discard", STREAM)).problem).toContain(`fifo, from ${first} on, will`);
    await Promise.all([1, 2].map(() => failures("discard", STREAM, "--first", first, "--yes")));
    const again = await failures("discard", STREAM, "--first", first, "--yes");
    expect(again).toMatchObject({
      code: 0,
      out: `The record at ${first} was discarded before.\n`,
    });
    const behind = await failures("discard", STREAM, "--first", lane.position(3), "--yes");
    expect(behind.code).toBe(2);
    expect(behind.problem).toContain(`is at ${lane.position(2)} and not at ${lane.position(3)}`);
    const whole = `${lane.position(2)}/${lane.position(2)}`;
    expect((await failures("discard", STREAM, "--first", whole, "--yes")).code).toBe(0);
    await retry(stage.runtime);
    expect(numbers(await stage.receiveAll("staging"))).toEqual([3]);
    expect((await failures("discard", STREAM, "--first", whole, "--all")).code).toBe(2);
  });

  test("attributes the parked changes of an unknown connection, whatever the reader records of it later", async () => {
    const frame = new TestLane().frame([{ user: null, thread: 24 }]);
    await route(stage.runtime, rawEvent([frame]));
    const connection = `${SERVER}/1/24`;
    const answer = ["attribute", `thread/0/${connection}`, "--config", config, "--user"];
    const asked = await failures(...answer, "app_test", "--host", "10.9.9.9");
    expect(asked.code).toBe(2);
    expect(asked.problem).toMatch(
      /^1 change of shop\.orders, from 20.* is attributed to 'app_test'@'10\.9\.9\.9' and go to the environment test\. .*--yes/,
    );
    expect((await failures(...answer, "nobody")).problem).toContain("environment unrouted");
    expect((await failures(...answer, "app_*")).problem).toContain("is a pattern");
    expect((await failures(...answer, "clerk")).problem).toContain("add --host");
    await failures(...answer, "app_test", "--host", "10.9.9.9", "--yes");
    // The reader records later that it has seen another user on this connection.
    const seen = { user: "app_staging", host: "localhost", attribution: "sweep" } as const;
    await new SessionsTable(stage.clients.dynamodb, "sessions").record([
      { connection: { server: SERVER, run: 1, thread: 24 }, entries: [{ ...seen, from: "" }] },
    ]);
    await retry(stage.runtime);
    expect(await stage.receiveAll("staging")).toEqual([]);
    const [message] = await stage.receiveAll("test");
    expect(message?.changes[0]).toMatchObject({
      user: "app_test",
      host: "10.9.9.9",
      attribution: "operator",
    });
    const again = await failures(...answer, "app_test", "--yes");
    expect(again).toMatchObject({
      code: 2,
      problem: expect.stringContaining("is parked") as string,
    });
  });

  test("attributes changes of a repeated frame that were parked behind the others", async () => {
    const lane = new TestLane();
    const frame = lane.frame([
      { user: null, thread: 24 },
      { user: null, thread: 24 },
    ]);
    const stream = threadStream(0, { server: SERVER, run: 1, thread: 24 });
    const [first, last] = [lane.position(1), lane.position(2)];
    const before = { first, last, share: "other", count: 2, body: frame };
    const { effects } = stage.runtime;
    await effects.streams.park(stream, [before], { reason: "unattributed", error: "" });
    await route(stage.runtime, rawEvent([frame]));
    const answer = ["--user", "app_test", "--config", config, "--yes"];
    await failures("attribute", `${SERVER}/1/24`, ...answer);
    await retry(stage.runtime);
    expect(numbers(await stage.receiveAll("test"))).toEqual([1, 2]);
  });

  test("accepts a gap", async () => {
    const lane = new TestLane();
    await route(stage.runtime, rawEvent([lane.frame([{}])]));
    lane.frame([{}]);
    const third = lane.frame([{}]);
    expect(await route(stage.runtime, rawEvent([third]))).toHaveLength(1);
    expect((await failures("lanes")).out).toContain(lane.position(1));
    expect(await failures("accept-gap", "0", lane.position(2), "-", "--yes")).toMatchObject({
      code: 0,
    });
    const metrics = new CountingMetrics();
    expect(await route(stage.runtime, rawEvent([third]), metrics)).toEqual([]);
    expect(numbers(await stage.receiveAll("production"))).toEqual([1, 3]);
  });

  test("accepts the gap of a lane whose item was lost", async () => {
    const lane = new TestLane();
    lane.frame([{}]);
    const second = lane.frame([{}]);
    expect(await route(stage.runtime, rawEvent([second]))).toHaveLength(1);
    expect(await failures("accept-gap", "0", lane.position(1), "-", "--yes")).toMatchObject({
      code: 0,
    });
    expect(await route(stage.runtime, rawEvent([second]))).toEqual([]);
    expect(numbers(await stage.receiveAll("production"))).toEqual([2]);
  });

  test("accepts a gap in frames of an earlier life that arrive late", async () => {
    const [earlier, later] = [new TestLane(0, 7, LIFE_A), new TestLane(0, 8, LIFE_B)];
    const [first, , third] = [1, 2, 3].map(() => earlier.frame([{}]));
    await route(stage.runtime, rawEvent([first ?? "", later.frame([{}])]));
    const late = rawEvent([third ?? ""]);
    expect(await route(stage.runtime, late)).toHaveLength(1);
    const accept = (n: number) => failures("accept-gap", "0", earlier.position(n), LIFE_A, "--yes");
    expect(await accept(1)).toMatchObject({ code: 2 });
    expect(await accept(2)).toMatchObject({ code: 0 });
    expect(await route(stage.runtime, late)).toEqual([]);
    expect(await route(stage.runtime, rawEvent([later.frame([{}])]))).toEqual([]);
    expect(numbers(await stage.receiveAll("production"))).toEqual([1, 1, 3, 2]);
  });

  test("accepts a gap at the beginning of a life, and keeps what was delivered in the life before", async () => {
    const [earlier, later] = [new TestLane(0, 7, LIFE_A), new TestLane(0, 8, LIFE_B)];
    const [first, second] = [earlier.frame([{}]), earlier.frame([{}])];
    later.frame([{}]);
    const [waiting, next] = [later.frame([{}, {}]), later.frame([{}])];
    await route(stage.runtime, rawEvent([first]));
    expect(await route(stage.runtime, rawEvent([waiting]))).toHaveLength(1);
    const accepted = await failures("accept-gap", "0", later.position(1), LIFE_B, "--yes");
    expect(accepted).toMatchObject({ code: 0 });
    // SQS no longer recognises a message that is sent again.
    stage.clock.advance(6 * 60_000);
    const metrics = new CountingMetrics();
    const frames = [waiting, first, second, next, waiting];
    expect(await route(stage.runtime, rawEvent(frames), metrics)).toEqual([]);
    expect(metrics.totals.get("FramesRepeated")).toBe(2);
    expect(numbers(await stage.receiveAll("production"))).toEqual([1, 2, 3, 2, 4]);
  });

  test("accepts a gap in a life with another one's epoch, whose frames go on", async () => {
    const [one, twin] = [new TestLane(0, 8, LIFE_A), new TestLane(0, 8, LIFE_B)];
    const [first, second] = [one.frame([{}]), one.frame([{}])];
    const [, , waiting] = [twin.frame([{}]), twin.frame([{}]), twin.frame([{}])];
    await route(stage.runtime, rawEvent([first]));
    expect(await route(stage.runtime, rawEvent([waiting]))).toHaveLength(1);
    const accept = (life: string) => failures("accept-gap", "0", twin.position(2), life, "--yes");
    // Without a life, the position would count as one of the other life.
    expect(await accept("-")).toMatchObject({
      code: 2,
      problem: expect.stringContaining(LIFE_A) as string,
    });
    expect(await accept(LIFE_B.slice(1))).toMatchObject({ code: 2 });
    expect(await accept(LIFE_B)).toMatchObject({ code: 0 });
    expect(await route(stage.runtime, rawEvent([second, waiting]))).toEqual([]);
    expect(numbers(await stage.receiveAll("production"))).toEqual([1, 2, 3]);
    const again = await failures("accept-gap", "0", twin.position(3), LIFE_B, "--yes");
    expect(again).toMatchObject({ code: 2 });
  });

  test("accepts the gap of a late frame without a life, behind an item that does not name its life", async () => {
    const [earlier, later] = [new TestLane(0, 4), new TestLane(0, 9)];
    const [, late] = [earlier.frame([{}]), earlier.frame([{}])];
    await route(stage.runtime, rawEvent([later.frame([{}])]));
    const item = (await stage.backUp()).get("offsets")?.find(({ id }) => id?.S === "lane#0") ?? {};
    const { otherLives: _otherLives, ...ofEarlierRelease } = item;
    await stage.clients.dynamodb.send(
      new PutItemCommand({ TableName: "offsets", Item: ofEarlierRelease }),
    );
    expect(await route(stage.runtime, rawEvent([late]))).toHaveLength(1);
    const accepted = await failures("accept-gap", "0", earlier.position(1), "-", "--yes");
    expect(accepted).toMatchObject({ code: 0 });
    expect(await route(stage.runtime, rawEvent([late, later.frame([{}])]))).toEqual([]);
    expect(numbers(await stage.receiveAll("production"))).toEqual([1, 2, 2]);
  });

  test("finds a deployed stack by the outputs of its name", async () => {
    const frame = new TestLane().frame([{ user: null }]);
    await route(stage.runtime, rawEvent([frame]));
    await using cloudFormation = await describeStacks({
      OffsetsTable: "offsets",
      FailuresTable: "failures",
      SessionsTable: "sessions",
      PayloadBucket: "payloads",
      RawDeadLetterQueueUrl: stage.rawQueueUrl,
    });
    const environment = {
      ...stage.aws.environment(),
      AWS_ENDPOINT_URL_CLOUDFORMATION: cloudFormation.url,
    };
    const listed = await binlogRouter(
      ["failures", "--stack", "shop-router", "list", "--json"],
      environment,
    );
    expect(JSON.parse(listed.out)).toEqual([
      expect.objectContaining({ reason: "unattributed", status: "open", changes: 1 }),
    ]);
  });

  test("shows, exports and discards a stream whose name this release cannot parse", async () => {
    stage.breakQueue("staging", "AccessDenied");
    const lane = new TestLane();
    for (let n = 0; n < 2; n++) {
      await route(stage.runtime, rawEvent([lane.frame([{ user: "app_staging" }])]));
    }
    // A later release has put the same records into a stream of a kind of its own.
    const [name, padded] = ["shard/0/shop-billing-staging.fifo", STREAM.replace("/0/", "/00/")];
    const { dynamodb } = stage.clients;
    for (const item of (await stage.backUp()).get("failures") ?? []) {
      const Item = { ...item, stream: { S: name } };
      await dynamodb.send(new PutItemCommand({ TableName: "failures", Item }));
    }

    expect(await json("list")).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ stream: STREAM, records: 2 }),
        expect.objectContaining({ stream: name, records: 2, isUnknown: true }),
      ]),
    );
    expect((await failures("list")).out).toContain(`${name}: this release cannot read`);
    expect(await json("show", name)).toMatchObject({ stream: name, records: [{}, {}] });
    const exported = (await failures("export", name)).out.trimEnd().split("\n");
    expect(exported.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { stream: name, text: expect.stringContaining("shop.orders") as string },
      { stream: name, text: expect.stringContaining("shop.orders") as string },
    ]);
    expect(await failures("retry", name)).toMatchObject({ code: 2 });
    expect((await failures("retry", "--all")).out).toMatch(/^1 stream is due/);

    // Only the exact name counts.
    expect((await failures("discard", padded, "--all", "--yes")).problem).toMatch(/not the name/);
    const discarded = { stream: name, discarded: 1 };
    expect(await json("discard", name, "--yes")).toEqual({ ...discarded, from: lane.position(1) });
    expect(await json("show", name)).toMatchObject({ status: "open", records: [{}] });
    expect(await json("discard", name, "--yes")).toEqual({ ...discarded, from: lane.position(2) });
    expect(await failures("discard", name, "--yes")).toMatchObject({ code: 2 });
    expect(await json("list")).toMatchObject([{ stream: STREAM, records: 2 }]);
  });

  test.for([
    [["show", "nonsense"], /not the name of a stream/],
    [["discard", STREAM.replace("/0/", "/00/"), "--yes"], /not the name of a stream/],
    [["attribute", "server/01/2", "--user", "x"], /names no connection/],
    [["show", "queue/0/none.fifo"], /there is no stream/],
    [["retry"], /name streams/],
    [["retry", STREAM, "--reason", "throttled"], /leave out --all and --reason/],
    [["discard", "", "--yes"], /^"" is not the name of a stream/],
    [["attribute", "24", "--user", "x"], /names no connection/],
    [["list", "--local", "/nowhere/stack.json"], /no local stack is running/],
    [["lizt"], /unknown command/],
    [["accept-gap", "x", "y", "-"], /not a whole number/],
    [["accept-gap", "0", "y"], /missing required argument 'life'/],
  ] as const)("%j is answered with a sentence and exit code 2", async ([args, sentence]) => {
    const { code, problem } = await failures(...args);
    expect(code).toBe(2);
    expect(problem).toMatch(sentence);
  });

  async function json(...args: readonly string[]): Promise<unknown> {
    const { code, out, problem } = await failures(...args, "--json");
    expect({ code, problem }).toEqual({ code: 0, problem: "" });
    return JSON.parse(out);
  }

  function failures(...args: readonly string[]): Promise<Ended> {
    return binlogRouter(["failures", "--local", join(directory, "stack.json"), ...args]);
  }
});
