import { DynamoDBClient, GetItemCommand } from "@aws-sdk/client-dynamodb";
import { zstdDecompressSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { MalformedFrameError } from "../../../../wire/decode-frame.ts";
import { GapError, OwnTroubleError } from "../../../../functions/ground/errors.ts";
import { isOutage } from "../../../../functions/ground/outage.ts";

async function errorOf(act: () => unknown): Promise<unknown> {
  try {
    await act();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

const gap = new GapError({ lane: 0, delivered: null, previous: null, first: "1" });
const wrapped = (...errors: readonly unknown[]) =>
  new OwnTroubleError("several effects failed", { cause: new AggregateError(errors) });

function noCredentials(): Promise<never> {
  return Promise.reject(Object.assign(new Error("none"), { name: "CredentialsProviderError" }));
}

describe("an outage is", () => {
  const credentials = { accessKeyId: "a", secretAccessKey: "b" };
  const common = { region: "eu-west-1", maxAttempts: 1, endpoint: "http://127.0.0.1:1" };
  const get = new GetItemCommand({ TableName: "t", Key: { id: { S: "1" } } });

  test("a request without an answer", async () => {
    using client = disposable(new DynamoDBClient({ ...common, credentials }));
    expect(isOutage(await errorOf(() => client.send(get)))).toBe(true);
  });

  test("a lack of credentials", async () => {
    using client = disposable(new DynamoDBClient({ ...common, credentials: noCredentials }));
    expect(isOutage(await errorOf(() => client.send(get)))).toBe(true);
  });

  test.each([
    ["what the functions call so", new OwnTroubleError("the bucket is away")],
    ["a gap", gap],
    ["a reset connection", Object.assign(new Error("reset"), { code: "ECONNRESET" })],
    ["several of them", wrapped(new OwnTroubleError("away"), gap)],
  ])("%s", (_name, error) => {
    expect(isOutage(error)).toBe(true);
  });
});

test.each([
  ["a plain error", new Error("a mistake")],
  ["a TypeError with a code", Object.assign(new TypeError("x"), { code: "ERR_INVALID_ARG_TYPE" })],
  ["a TypeError of a request", Object.assign(new TypeError("x"), { $metadata: {} })],
  ["what is no error", "text"],
  ["a malformed frame", new MalformedFrameError("x")],
  ["a mistake beside an outage", wrapped(new OwnTroubleError("away"), new Error("a mistake"))],
])("%s is no outage", (_name, error) => {
  expect(isOutage(error)).toBe(false);
});

test("damaged data is no outage", async () => {
  const error = await errorOf(() => zstdDecompressSync(Buffer.from("no zstd")));
  expect(isOutage(error)).toBe(false);
});

function disposable(client: DynamoDBClient): DynamoDBClient & Disposable {
  return Object.assign(client, { [Symbol.dispose]: () => client.destroy() });
}
