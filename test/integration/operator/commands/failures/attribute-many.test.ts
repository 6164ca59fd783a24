import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect, createServer, type AddressInfo } from "node:net";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PutItemCommand } from "@aws-sdk/client-dynamodb";
import { expect, onTestFinished, test } from "vitest";
import { recordItemKey } from "../../../../../functions/failures/items.ts";
import { threadStream } from "../../../../../functions/failures/stream.ts";
import { SERVER, TestLane } from "../../../../support/functions/frames.ts";
import { rawEvent, route } from "../../../../support/functions/invoke.ts";
import { Stage } from "../../../../support/functions/stage.ts";
import { binlogRouterOn, stackFileOf } from "../../../../support/operator.ts";

const RECORDS = 60;
const BODY_BYTES = 30_000;

/** A proxy that counts the bytes of the answers. */
async function counting(target: string) {
  const counted = { bytes: 0, url: "" };
  const server = createServer((socket) => {
    const upstream = connect(Number(new URL(target).port), "127.0.0.1");
    upstream.on("data", ({ length }: Buffer) => (counted.bytes += length));
    for (const each of [socket, upstream]) each.on("error", () => each.destroy());
    socket.pipe(upstream).pipe(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  counted.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return counted;
}

test("of many parked records, attribute reads the content of the first alone", async () => {
  await using stage = await Stage.start();
  const lane = new TestLane();
  await route(stage.runtime, rawEvent([lane.frame([{ user: null, thread: 24 }])]));
  const stream = threadStream(0, { server: SERVER, run: 1, thread: 24 });
  for (let n = 0; n < RECORDS; n++) {
    lane.frame([{}]);
    const position = lane.position(2 + n);
    const item = {
      ...recordItemKey(stream, `${position}/${position}`),
      status: { S: "parked" },
      count: { N: "1" },
      body: { B: randomBytes(BODY_BYTES) },
    };
    await stage.clients.dynamodb.send(new PutItemCommand({ TableName: "failures", Item: item }));
  }
  const directory = await mkdtemp(join(tmpdir(), "attribute-many-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  const config = join(directory, "configuration.json");
  await writeFile(config, JSON.stringify({ environments: { test: { users: ["app_test"] } } }));
  const stack = stackFileOf(stage.aws);
  const proxy = await counting(stack.aws.dynamodbEndpoint);
  const { code, problem } = await binlogRouterOn(
    { ...stack, aws: { ...stack.aws, dynamodbEndpoint: proxy.url } },
    "failures",
    "attribute",
    `${SERVER}/1/24`,
    "--user",
    "app_test",
    "--config",
    config,
  );
  expect({ code, problem }).toMatchObject({
    code: 2,
    problem: expect.stringContaining(`${RECORDS + 1} changes of shop.orders, from 20`) as string,
  });
  expect(proxy.bytes).toBeGreaterThan(0);
  expect(proxy.bytes).toBeLessThan((RECORDS * BODY_BYTES) / 4);
});
