import { createHash, createHmac, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { SQSClient } from "@aws-sdk/client-sqs";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { Base64Text } from "../../../../wire/base64-text.ts";
import { LeanSends, type MessageFields } from "../../../../reader/frames/lean-sends.ts";
import { withPlainBodies } from "../../../../wire/plain-bodies.ts";

interface Received {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** What the server does with a request; it answers with success when there is nothing here. */
type Treatment = "refuse" | "cut" | "half" | "hold";

const received: Received[] = [];
const treatments: Treatment[] = [];
const server = createServer((request, response) => {
  const treatment = treatments.shift();
  if (treatment === "cut") return request.once("data", () => request.socket.destroy());
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  return request.on("end", () => {
    received.push({
      headers: request.headers as Record<string, string>,
      body: Buffer.concat(chunks),
    });
    if (treatment === "hold") return;
    if (treatment === "half") {
      response.writeHead(200, { "content-length": 2 }).write("{", () => request.socket.destroy());
      return;
    }
    const status = treatment === "refuse" ? 403 : 200;
    response.writeHead(status, { "content-type": "application/x-amz-json-1.0" }).end("{}");
  });
});
const SIGNAL = new AbortController().signal;
const FIRST = { accessKeyId: "first", secretAccessKey: "secret of the first" };
const SECOND = { accessKeyId: "second", secretAccessKey: "other secret", sessionToken: "token" };
let credentials: typeof FIRST | typeof SECOND;
let endpoint: string;
const fields: MessageFields = { MessageGroupId: "lane-0", MessageDeduplicationId: "id" };
let queueUrl: string;
let client: SQSClient;
let sends: LeanSends;

beforeAll(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});
afterAll(() => void server.close());
beforeEach(() => {
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  credentials = FIRST;
  queueUrl = `${endpoint}/000000000000/raw.fifo`;
  client = clientAt(endpoint);
  sends = new LeanSends(client, queueUrl);
  received.length = 0;
});

function clientAt(address: string): SQSClient {
  return withPlainBodies(
    new SQSClient({
      region: "eu-west-1",
      endpoint: address,
      // One that is about to expire is asked for at each request.
      credentials: async () => ({ ...credentials, expiration: new Date(Date.now() + 1000) }),
      md5: false,
      maxAttempts: 1,
    }),
  );
}

afterEach(() => {
  vi.useRealTimers();
  client.destroy();
  expect(treatments).toEqual([]);
});

/** The headers that depend neither on the body nor on the time nor on the SDK's call. */
function constant({ headers }: Received): object {
  return Object.fromEntries(
    Object.entries(headers).filter(
      ([name]) => !/^(amz-sdk-.*|authorization|content-length|x-amz-(date|content.*))$/.test(name),
    ),
  );
}

/** Whether the SDK made the request: it names each of its calls. */
const bySdk = ({ headers }: Received): boolean => "amz-sdk-invocation-id" in headers;

function sha(text: string | Buffer): string {
  return createHash("sha256").update(text).digest("hex");
}

function someBody(): Base64Text {
  return new Base64Text("", randomBytes(100_000));
}

/** Whether SQS would accept the signature: what is signed, made from the request as received. */
function isValid({ headers, body }: Received, secret: string): boolean {
  const [, scope = "", names = "", signature] =
    /Credential=[^/]+\/([^,]+), SignedHeaders=([^,]+), Signature=(.+)$/.exec(
      headers["authorization"] ?? "",
    ) ?? [];
  const lines = names.split(";").map((name) => `${name}:${headers[name]}\n`);
  const request = ["POST", "/", "", lines.join(""), names, sha(body)].join("\n");
  const toSign = ["AWS4-HMAC-SHA256", headers["x-amz-date"], scope, sha(request)].join("\n");
  let key = Buffer.from(`AWS4${secret}`);
  for (const part of [...scope.split("/"), toSign])
    key = createHmac("sha256", key).update(part).digest();
  return (
    key.toString("hex") === signature &&
    names === names.split(";").sort().join(";") &&
    names.includes("host") &&
    headers["x-amz-content-sha256"] === sha(body) &&
    headers["x-amz-date"]?.startsWith(scope.slice(0, 8)) === true
  );
}

test("the first message is the SDK's; those after it have the same headers, and all of their body", async () => {
  const bodies = [
    "short",
    'a "text" \\ with é and 😀'.repeat(200),
    ...[0, 1, 2, 3000, 200_000].map((size) => new Base64Text("zstd:", randomBytes(size))),
  ];
  await sends.send(fields, "first", SIGNAL);
  for (const body of bodies) await sends.send(fields, body, SIGNAL);
  expect(received.map(bySdk)).toEqual([true, ...bodies.map(() => false)]);
  for (const [i, body] of ["first", ...bodies].entries()) {
    const request = received[i] as Received;
    expect(JSON.parse(request.body.toString())).toEqual({
      QueueUrl: queueUrl,
      ...fields,
      MessageBody: String(body),
    });
    expect(request.headers["content-length"]).toBe(String(request.body.length));
    expect(constant(request)).toEqual(constant(received[0] as Received));
    expect(isValid(request, FIRST.secretAccessKey)).toBe(true);
  }
});

test("each message is signed with the client's present credentials and its corrected clock", async () => {
  await sends.send(fields, "a", SIGNAL);
  credentials = SECOND;
  client.config.systemClockOffset = 48 * 3600_000;
  await sends.send(fields, "b", SIGNAL);
  credentials = FIRST;
  await sends.send(fields, "c", SIGNAL);
  const [, b, c] = received as [Received, Received, Received];
  expect([bySdk(b), bySdk(c)]).toEqual([false, false]);
  expect(isValid(b, SECOND.secretAccessKey)).toBe(true);
  expect(isValid(b, FIRST.secretAccessKey)).toBe(false);
  expect(b.headers["x-amz-security-token"]).toBe("token");
  expect(b.headers["authorization"]).toMatch(/Credential=second.*;x-amz-security-token/);
  const day = new Date(Date.now() + 48 * 3600_000).toISOString().slice(0, 10).replaceAll("-", "");
  expect(b.headers["x-amz-date"]?.slice(0, 8)).toBe(day);
  expect(isValid(c, FIRST.secretAccessKey)).toBe(true);
  expect(c.headers).not.toHaveProperty("x-amz-security-token");
});

test("a message with attributes arrives as with the SDK", async () => {
  const attributes = { size: { DataType: "Number", StringValue: "5" } };
  for (let sent = 0; sent < 2; sent++)
    await sends.send({ ...fields, MessageAttributes: attributes }, "c", SIGNAL);
  expect(received.map(bySdk)).toEqual([true, false]);
  const [sdk, copy] = received.map(({ body }) => JSON.parse(body.toString()));
  expect(sdk).toHaveProperty("MessageAttributes", attributes);
  expect(copy).toEqual(sdk);
});

test("after a refusal the SDK sends, for a minute from then on", async () => {
  vi.useFakeTimers({ toFake: ["performance"] });
  await sends.send(fields, "a", SIGNAL);
  treatments.push("refuse");
  await expect(sends.send(fields, "b", SIGNAL)).rejects.toThrow("HTTP status 403");
  treatments.push("refuse");
  await expect(sends.send(fields, "b", SIGNAL)).rejects.toMatchObject({ $fault: "client" });
  await sends.send(fields, "b", SIGNAL);
  vi.advanceTimersByTime(59_000);
  await sends.send(fields, "c", SIGNAL);
  vi.advanceTimersByTime(2000);
  await sends.send(fields, "d", SIGNAL);
  await sends.send(fields, "e", SIGNAL);
  expect(received.map(bySdk)).toEqual([true, false, true, true, true, true, false]);
});

test("a cut connection and an abort reject; the memory of such a request is not used again", async () => {
  const memories: unknown[] = [];
  const handle = client.config.requestHandler.handle.bind(client.config.requestHandler);
  client.config.requestHandler.handle = (request, options) => {
    memories.push((request.body as Buffer).buffer);
    return handle(request, options);
  };
  const abort = new AbortController();
  await sends.send(fields, "a", SIGNAL);
  memories.length = 0;
  await sends.send(fields, someBody(), SIGNAL);
  await sends.send(fields, someBody(), SIGNAL);
  treatments.push("cut");
  await expect(sends.send(fields, someBody(), SIGNAL)).rejects.toMatchObject({
    code: "ECONNRESET",
  });
  treatments.push("half");
  await expect(sends.send(fields, "half an answer", SIGNAL)).rejects.toThrow("aborted");
  await sends.send(fields, someBody(), SIGNAL);
  treatments.push("hold");
  const held = sends.send(fields, someBody(), abort.signal);
  await vi.waitFor(() => expect(received).toHaveLength(6));
  abort.abort();
  await expect(held).rejects.toThrow("aborted");
  const last = someBody();
  await sends.send(fields, last, SIGNAL);
  const [first, second, cut, , afterCut, aborted, afterAbort] = memories;
  expect(second === first && cut === first && aborted === afterCut).toBe(true);
  expect(new Set([first, afterCut, afterAbort]).size).toBe(3);
  expect(JSON.parse(received.at(-1)?.body.toString() ?? "").MessageBody).toBe(String(last));
  expect(received.map(bySdk)).toEqual([true, ...received.slice(1).map(() => false)]);
});

test("messages at the same time keep their bodies", async () => {
  await sends.send(fields, "a", SIGNAL);
  received.length = 0;
  const bodies = Array.from({ length: 40 }, (_, i) => new Base64Text("", randomBytes(3000 * i)));
  await Promise.all(bodies.map((body) => sends.send(fields, body, SIGNAL)));
  const arrived = received.map(({ body }) => JSON.parse(body.toString()).MessageBody);
  expect(new Set(arrived)).toEqual(new Set(bodies.map(String)));
  expect(received.every((request) => isValid(request, FIRST.secretAccessKey))).toBe(true);
});
