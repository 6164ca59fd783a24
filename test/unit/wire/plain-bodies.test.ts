import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { SendMessageBatchCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { withPlainBodies } from "../../../wire/plain-bodies.ts";

interface SentRequest {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

const requests: SentRequest[] = [];
const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    requests.push({ headers: request.headers, body: Buffer.concat(chunks) });
    response.writeHead(200, { "content-type": "application/x-amz-json-1.0" }).end("{}");
  });
});
let client: SQSClient;
let QueueUrl = "";

beforeAll(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  QueueUrl = `${endpoint}/000000000000/raw.fifo`;
  client = withPlainBodies(
    new SQSClient({
      region: "eu-west-1",
      endpoint,
      credentials: { accessKeyId: "id", secretAccessKey: "secret" },
      md5: false,
    }),
  );
});
afterAll(() => {
  client.destroy();
  server.close();
});

function takeRequest(): SentRequest {
  const request = requests.pop();
  if (request === undefined) throw new Error("nothing was sent");
  return request;
}

const longText = fc
  .tuple(fc.string({ unit: "binary", maxLength: 200 }), fc.integer({ min: 0, max: 2000 }))
  .map(([text, pad]) => text.toWellFormed() + "x".repeat(pad));

describe("a client with plain bodies", () => {
  test("sends any body unchanged, and counts the request's bytes", async () => {
    await fc.assert(
      fc.asyncProperty(longText, async (MessageBody) => {
        await client.send(
          new SendMessageCommand({ QueueUrl, MessageBody, MessageGroupId: "lane-0" }),
        );
        const { body, headers } = takeRequest();
        expect(JSON.parse(body.toString())).toEqual({
          QueueUrl,
          MessageBody,
          MessageGroupId: "lane-0",
        });
        expect(headers["content-length"]).toBe(String(body.length));
      }),
    );
  });

  test("keeps each body of a batch with its entry, whether short or long", async () => {
    const Entries = ["a", "b".repeat(5000), "c", 'd"\\'.repeat(2000)].map((MessageBody, index) => ({
      Id: String(index),
      MessageBody,
      MessageGroupId: `g${index}`,
    }));
    await client.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
    expect(JSON.parse(takeRequest().body.toString())).toEqual({ QueueUrl, Entries });
  });

  test("signs the request that it sends", async () => {
    const bodies = ["x".repeat(3000), "y".repeat(3000)];
    const signatures: unknown[] = [];
    for (const MessageBody of bodies) {
      await client.send(new SendMessageCommand({ QueueUrl, MessageBody }));
      signatures.push(takeRequest().headers["authorization"]);
    }
    expect(signatures[0]).toMatch(/^AWS4-HMAC-SHA256 /);
    expect(new Set(signatures).size).toBe(2);
  });
});
