import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { S3Client } from "@aws-sdk/client-s3";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { DynamoDBPositionStore } from "../../../client/dynamodb.ts";
import { PayloadUnavailableError } from "../../../client/errors.ts";
import { Payloads } from "../../../client/payload.ts";
import { encodePointer } from "../../../wire/payload-pointer.ts";

/** A source of credentials that never answers. The SDK waits for it whatever a signal says. */
const SILENT = {
  region: "eu-central-1",
  credentials: () => new Promise<never>(() => undefined),
};

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterEach(() => void vi.useRealTimers());

test("a payload does not wait for credentials for ever", async () => {
  const pointer = encodePointer({ bucket: "payloads", key: "messages/staging/1" });
  const fetched = new Payloads(new S3Client(SILENT)).fetch(pointer).catch((error) => error);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(await fetched).toBeInstanceOf(PayloadUnavailableError);
  expect(await fetched).toHaveProperty("cause.message", "S3 was silent for 60000 ms");
});

test("a payload that was given up is read no further, though a client ignores the signal", async () => {
  const cancel = vi.fn();
  const object = new ReadableStream<Uint8Array>({
    start: (controller) => void setTimeout(() => controller.enqueue(Buffer.from("late")), 120_000),
    cancel,
  });
  const client = {
    send: () => Promise.resolve({ Body: { transformToWebStream: () => object } }),
  } as unknown as S3Client;
  const pointer = encodePointer({ bucket: "payloads", key: "messages/staging/1" });
  const fetched = new Payloads(client).fetch(pointer).catch((error) => error);
  await vi.waitUntil(() => object.locked);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(await fetched).toBeInstanceOf(PayloadUnavailableError);
  expect(cancel).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(cancel).toHaveBeenCalledOnce();
});

test("a position store does not wait for credentials for ever", async () => {
  const client = new DynamoDBClient(SILENT);
  const store = new DynamoDBPositionStore({ table: "positions", owner: "billing", client });
  const calls = Promise.allSettled([store.load("key"), store.save("key", "position")]);
  await vi.advanceTimersByTimeAsync(10_000);
  const reason = expect.objectContaining({ name: "TimeoutError" }) as Error;
  expect(await calls).toEqual(Array.from({ length: 2 }, () => ({ status: "rejected", reason })));
});
