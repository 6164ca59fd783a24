import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { S3Client } from "@aws-sdk/client-s3";
import { expect, test } from "vitest";
import { DynamoDBPositionStore } from "../../../client/dynamodb.ts";
import { PayloadUnavailableError } from "../../../client/errors.ts";
import { Payloads } from "../../../client/payload.ts";
import { encodePointer } from "../../../wire/payload-pointer.ts";

/** Clients of a service that answers in this way. */
async function clientsOf(answer: (response: ServerResponse) => unknown) {
  const server = createServer((_request, response) => answer(response));
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  const common = {
    region: "eu-central-1",
    endpoint: `http://127.0.0.1:${port}`,
    credentials: { accessKeyId: "a", secretAccessKey: "b" },
  };
  const s3 = new S3Client({ ...common, forcePathStyle: true });
  const dynamodb = new DynamoDBClient(common);
  return {
    s3,
    dynamodb,
    [Symbol.dispose]() {
      s3.destroy();
      dynamodb.destroy();
      server.closeAllConnections();
      server.close();
    },
  };
}

test.concurrent.each<[string, (response: ServerResponse) => void]>([
  ["does not answer", () => undefined],
  [
    "ends without a word in the middle of an object",
    (response) => {
      response.writeHead(200, { "content-length": 1000 });
      response.write("the first half");
    },
  ],
])("a payload is given up after a while where S3 %s", async (_, answer) => {
  using clients = await clientsOf(answer);
  const pointer = encodePointer({ bucket: "payloads", key: "messages/staging/1" });
  const fetched: unknown = await new Payloads(clients.s3, 300).fetch(pointer).catch((e) => e);
  expect(fetched).toBeInstanceOf(PayloadUnavailableError);
  expect(fetched).toHaveProperty("cause.message", "S3 was silent for 300 ms");
});

test.concurrent("a payload that arrives slowly is waited for", async () => {
  const SILENCE_MS = 4000;
  const text = "é".repeat(10);
  using clients = await clientsOf(async (response) => {
    response.writeHead(200, { "content-length": Buffer.byteLength(text) });
    for (const byte of Buffer.from(text)) {
      response.write(Buffer.of(byte));
      await delay(SILENCE_MS / 16); // 1.25 × the limit in all
    }
    response.end();
  });
  const pointer = encodePointer({ bucket: "payloads", key: "messages/staging/1" });
  expect(await new Payloads(clients.s3, SILENCE_MS).fetch(pointer)).toBe(text);
});

test.concurrent("a payload whose connection breaks is not taken for a shorter one", async () => {
  using clients = await clientsOf((response) => {
    response.writeHead(200, { "content-length": 1000 });
    response.write("the first half", () => response.destroy());
  });
  const pointer = encodePointer({ bucket: "payloads", key: "messages/staging/1" });
  await expect(new Payloads(clients.s3).fetch(pointer)).rejects.toThrow(PayloadUnavailableError);
});

test.concurrent("a position store gives up after ten seconds where DynamoDB does not answer", async () => {
  using clients = await clientsOf(() => undefined);
  const store = new DynamoDBPositionStore({
    table: "positions",
    owner: "billing/staging",
    client: clients.dynamodb,
  });
  const calls = [store.load("key"), store.save("key", "position")];
  const ended = await Promise.allSettled(calls);
  expect(ended.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
});
