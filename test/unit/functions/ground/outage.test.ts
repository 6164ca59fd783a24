import { DynamoDBClient, GetItemCommand } from "@aws-sdk/client-dynamodb";
import { S3Client } from "@aws-sdk/client-s3";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { PassThrough } from "node:stream";
import { finished } from "node:stream/promises";
import { zstdDecompressSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { MalformedFrameError } from "../../../../wire/decode-frame.ts";
import { payloadBucket } from "../../../../functions/aws/payload-bucket.ts";
import { GapError, OwnTroubleError } from "../../../../functions/ground/errors.ts";
import { isOutage } from "../../../../functions/ground/outage.ts";

async function errorOf(act: () => unknown): Promise<unknown> {
  try {
    await act();
  } catch (error) {
    return error;
  }
  throw new Error("the call threw nothing");
}

const gap = new GapError({ lane: 0, delivered: null, previous: null, first: "1", life: null });
const wrapped = (...errors: readonly unknown[]) =>
  new OwnTroubleError("several effects failed", { cause: new AggregateError(errors) });

function noCredentials(): Promise<never> {
  return Promise.reject(Object.assign(new Error("none"), { name: "CredentialsProviderError" }));
}

describe("an outage is", () => {
  const credentials = { accessKeyId: "a", secretAccessKey: "b" };
  const common = { region: "eu-west-1", maxAttempts: 1, endpoint: "http://127.0.0.1:1" };
  const get = new GetItemCommand({ TableName: "t", Key: { id: { S: "1" } } });

  test("a request without a response", async () => {
    using client = disposable(new DynamoDBClient({ ...common, credentials }));
    expect(isOutage(await errorOf(() => client.send(get)))).toBe(true);
  });

  test("a lack of credentials", async () => {
    using client = disposable(new DynamoDBClient({ ...common, credentials: noCredentials }));
    expect(isOutage(await errorOf(() => client.send(get)))).toBe(true);
  });

  test.each([
    ["a page of a busy service", 503, "<html>busy</html>"],
    ["a page of a proxy", 200, "<html>"],
  ])("%s instead of a response", async (_name, status, page) => {
    await using server = await answering(status, page);
    using client = disposable(new DynamoDBClient({ ...common, ...server, credentials }));
    const error = await errorOf(() => client.send(get));
    expect(error).toBeInstanceOf(SyntaxError);
    expect(isOutage(error)).toBe(true);
  });

  test("an object that was damaged in transfer", async () => {
    const headers = { "x-amz-checksum-crc32": "AAAAAA==" };
    await using server = await answering(200, "not what was stored", headers);
    const settings = { ...common, ...server, credentials, forcePathStyle: true };
    using client = disposable(new S3Client(settings));
    const error = await errorOf(() => payloadBucket(client, "bucket").get("key"));
    expect(error).toMatchObject({ message: expect.stringMatching(/^Checksum mismatch/) as string });
    expect(isOutage(error)).toBe(true);
  });

  test("a connection that ends in the middle of a response", async () => {
    const answer = new PassThrough();
    const end = finished(answer);
    answer.destroy();
    const error = await errorOf(() => end);
    expect(error).toMatchObject({ code: "ERR_STREAM_PREMATURE_CLOSE" });
    expect(isOutage(error)).toBe(true);
  });

  test.each([
    ["an OwnTroubleError", new OwnTroubleError("the bucket is away")],
    ["a gap", gap],
    ["a reset connection", Object.assign(new Error("reset"), { code: "ECONNRESET" })],
    ["several outages at once", wrapped(new OwnTroubleError("away"), gap)],
  ])("%s", (_name, error) => {
    expect(isOutage(error)).toBe(true);
  });
});

test.each([
  ["a plain error", new Error("a mistake")],
  ["a TypeError with a code", Object.assign(new TypeError("x"), { code: "ERR_INVALID_ARG_TYPE" })],
  ["a TypeError of a request", Object.assign(new TypeError("x"), { $metadata: {} })],
  ["a value that is not an Error", "text"],
  ["a malformed frame", new MalformedFrameError("x")],
  ["a bug and an outage at once", wrapped(new OwnTroubleError("away"), new Error("a mistake"))],
])("%s is not an outage", (_name, error) => {
  expect(isOutage(error)).toBe(false);
});

test("damaged data is not an outage", async () => {
  const error = await errorOf(() => zstdDecompressSync(Buffer.from("no zstd")));
  expect(isOutage(error)).toBe(false);
});

/** Starts a server that gives each request the same answer. */
async function answering(status: number, body: string, headers: Record<string, string> = {}) {
  const server = createServer((request, response) => {
    request.resume().once("end", () => response.writeHead(status, headers).end(body));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function disposable<Client extends DynamoDBClient | S3Client>(client: Client): Client & Disposable {
  return Object.assign(client, { [Symbol.dispose]: () => client.destroy() });
}
