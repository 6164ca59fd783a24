import { randomBytes } from "node:crypto";
import { SQSClient } from "@aws-sdk/client-sqs";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Base64Text } from "../../../../wire/base64-text.ts";
import { LeanSends, type MessageFields } from "../../../../reader/frames/lean-sends.ts";
import { withPlainBodies } from "../../../../wire/plain-bodies.ts";
import { RequestHash } from "../../../../wire/request-hash.ts";
import {
  constantHeaders,
  isBySdk,
  isSignedWith,
  type ReceivedRequest,
  useSqsRequests,
} from "../../../support/sqs-requests.ts";

const server = await useSqsRequests();
const { received, treatments, endpoint } = server;
const queueUrl = `${endpoint}/000000000000/raw.fifo`;
const SIGNAL = new AbortController().signal;
const FIRST = { accessKeyId: "first", secretAccessKey: "secret of the first" };
const SECOND = { accessKeyId: "second", secretAccessKey: "other secret", sessionToken: "token" };
let credentials: typeof FIRST | typeof SECOND;
const fields: MessageFields = { MessageGroupId: "lane-0", MessageDeduplicationId: "id" };
let client: SQSClient;
let sends: LeanSends;

beforeEach(() => {
  credentials = FIRST;
  client = clientAt(endpoint);
  sends = new LeanSends(client, queueUrl);
});

function clientAt(address: string): SQSClient {
  return withPlainBodies(
    new SQSClient({
      region: "eu-west-1",
      endpoint: address,
      // One that is about to expire is asked for at each request.
      credentials: async () => ({ ...credentials, expiration: new Date(Date.now() + 1000) }),
      md5: false,
      sha256: RequestHash,
      maxAttempts: 1,
    }),
  );
}

afterEach(() => {
  vi.useRealTimers();
  client.destroy();
});

function someBody(): Base64Text {
  return new Base64Text("", randomBytes(100_000));
}

test("the first message is the SDK's; those after it have the same headers, and all of their body", async () => {
  const bodies = [
    "short",
    'a "text" \\ with é and 😀'.repeat(200),
    ...[0, 1, 2, 3000, 200_000].map((size) => new Base64Text("zstd:", randomBytes(size))),
  ];
  await sends.send(fields, "first", SIGNAL);
  for (const body of bodies) await sends.send(fields, body, SIGNAL);
  expect(server.makers).toEqual([true, ...bodies.map(() => false)]);
  for (const [i, body] of ["first", ...bodies].entries()) {
    const request = received[i] as ReceivedRequest;
    expect(JSON.parse(request.body.toString())).toEqual({
      QueueUrl: queueUrl,
      ...fields,
      MessageBody: String(body),
    });
    expect(request.headers["content-length"]).toBe(String(request.body.length));
    expect(constantHeaders(request)).toEqual(constantHeaders(received[0] as ReceivedRequest));
    expect(isSignedWith(request, FIRST.secretAccessKey)).toBe(true);
  }
});

test("each message is signed with the client's present credentials and its corrected clock", async () => {
  await sends.send(fields, "a", SIGNAL);
  credentials = SECOND;
  client.config.systemClockOffset = 48 * 3600_000;
  await sends.send(fields, "b", SIGNAL);
  credentials = FIRST;
  await sends.send(fields, "c", SIGNAL);
  const [, b, c] = received as [ReceivedRequest, ReceivedRequest, ReceivedRequest];
  expect([isBySdk(b), isBySdk(c)]).toEqual([false, false]);
  expect(isSignedWith(b, SECOND.secretAccessKey)).toBe(true);
  expect(isSignedWith(b, FIRST.secretAccessKey)).toBe(false);
  expect(b.headers["x-amz-security-token"]).toBe("token");
  expect(b.headers["authorization"]).toMatch(/Credential=second.*;x-amz-security-token/);
  const day = new Date(Date.now() + 48 * 3600_000).toISOString().slice(0, 10).replaceAll("-", "");
  expect(b.headers["x-amz-date"]?.slice(0, 8)).toBe(day);
  expect(isSignedWith(c, FIRST.secretAccessKey)).toBe(true);
  expect(c.headers).not.toHaveProperty("x-amz-security-token");
});

test("a message with attributes arrives as with the SDK", async () => {
  const attributes = { size: { DataType: "Number", StringValue: "5" } };
  for (let sent = 0; sent < 2; sent++)
    await sends.send({ ...fields, MessageAttributes: attributes }, "c", SIGNAL);
  expect(server.makers).toEqual([true, false]);
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
  expect(server.makers).toEqual([true, false, true, true, true, true, false]);
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
  expect(server.makers).toEqual([true, ...received.slice(1).map(() => false)]);
});

test("a frame counts as sent only when SQS says so, whoever answers with HTTP status 200", async () => {
  await sends.send(fields, "a", SIGNAL);
  for (const answer of ["<html>secret</html>", "", "null", '"{}"']) {
    treatments.push({ answer });
    const rejected = expect(sends.send(fields, "b", SIGNAL)).rejects;
    await rejected.toThrow("the answer with HTTP status 200 is not AWS's");
  }
  await sends.send(fields, "b", SIGNAL);
  expect(server.makers).toEqual([true, false, false, false, false, false]);
});

test("messages at the same time keep their bodies", async () => {
  await sends.send(fields, "a", SIGNAL);
  received.length = 0;
  const bodies = Array.from({ length: 40 }, (_, i) => new Base64Text("", randomBytes(3000 * i)));
  await Promise.all(bodies.map((body) => sends.send(fields, body, SIGNAL)));
  const arrived = received.map(({ body }) => JSON.parse(body.toString()).MessageBody);
  expect(new Set(arrived)).toEqual(new Set(bodies.map(String)));
  expect(received.every((request) => isSignedWith(request, FIRST.secretAccessKey))).toBe(true);
});
