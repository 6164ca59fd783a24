import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { SendMessageBatchCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Base64Text } from "../../../wire/base64-text.ts";
import { withBody, withPlainBodies } from "../../../wire/plain-bodies.ts";
import { Utf8Text } from "../../../wire/utf8-text.ts";

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
const CONFIGURATION = {
  region: "eu-west-1",
  credentials: { accessKeyId: "id", secretAccessKey: "secret" },
  md5: false,
} as const;
let client: SQSClient;
let endpoint = "";
let QueueUrl = "";

beforeAll(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  QueueUrl = `${endpoint}/000000000000/raw.fifo`;
  client = withPlainBodies(new SQSClient({ ...CONFIGURATION, endpoint }));
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
    const inputs = [
      ...["x", "y"].map((letter) => ({ QueueUrl, MessageBody: letter.repeat(3000) })),
      ...["x", "y"].map((letter) =>
        withBody({ QueueUrl }, new Base64Text("", Buffer.alloc(3000, letter))),
      ),
      ...["z", "é"].map((letter) =>
        withBody({ QueueUrl }, new Utf8Text(Buffer.from(letter.repeat(3000)))),
      ),
    ];
    const signatures: unknown[] = [];
    for (const input of inputs) {
      await client.send(new SendMessageCommand(input));
      signatures.push(takeRequest().headers["authorization"]);
    }
    expect(signatures[0]).toMatch(/^AWS4-HMAC-SHA256 /);
    expect(new Set(signatures).size).toBe(6);
  });

  test("sends a body in base64 as its text, whatever its size", async () => {
    const sizes = fc.oneof(fc.integer({ min: 0, max: 50 }), fc.integer({ min: 0, max: 200_000 }));
    await fc.assert(
      fc.asyncProperty(sizes, async (size) => {
        const text = new Base64Text("zstd:", randomBytes(size));
        const input = { QueueUrl, MessageGroupId: "lane-0" };
        await client.send(new SendMessageCommand(withBody(input, text)));
        const { body, headers } = takeRequest();
        expect(JSON.parse(body.toString())).toEqual({ ...input, MessageBody: String(text) });
        expect(headers["content-length"]).toBe(String(body.length));
      }),
      { numRuns: 50 },
    );
  });

  test("sends a body in UTF-8 as its text, in a batch too", async () => {
    // Quotes need twice their room. Control characters occur in no JSON text, and need more.
    const special = fc.constantFrom('"'.repeat(100_000), "\n".repeat(3000));
    const texts = fc.array(fc.oneof(longText, special), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(texts, async (bodies) => {
        const entries = bodies.map((body, index) => ({ id: { Id: String(index) }, body }));
        const Entries = entries.map(({ id, body }) =>
          withBody(id, new Utf8Text(Buffer.from(body))),
        );
        await client.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
        const { body: sent, headers } = takeRequest();
        expect(JSON.parse(sent.toString())).toEqual({
          QueueUrl,
          Entries: entries.map(({ id, body }) => ({ ...id, MessageBody: body })),
        });
        expect(headers["content-length"]).toBe(String(sent.length));
      }),
    );
  });

  test("keeps the bodies of requests at the same time apart", async () => {
    const texts = Array.from({ length: 60 }, (_, i) =>
      i % 3 === 0
        ? `"${String(i).repeat(20_000)}"`
        : new Base64Text("zstd:", randomBytes(3000 * i)),
    );
    await Promise.all(
      texts.map((text) =>
        client.send(
          new SendMessageCommand(
            typeof text === "string"
              ? { QueueUrl, MessageBody: text }
              : withBody({ QueueUrl }, text),
          ),
        ),
      ),
    );
    const bodies = requests.splice(0).map(({ body }) => JSON.parse(body.toString()).MessageBody);
    expect(bodies).toHaveLength(texts.length);
    expect(new Set(bodies)).toEqual(new Set(texts.map(String)));
  });
});
