import { expect, test } from "vitest";
import { Deduplication, deduplicationKey } from "../../../sqs/queues/deduplication.ts";

const INTERVAL_MS = 5 * 60_000;

test("a send is remembered for exactly five minutes", () => {
  const deduplication = new Deduplication();
  const message = { id: "m", sequenceNumber: "1" };
  deduplication.remember("key", message, 1000);
  expect(deduplication.find("key", 1000 + INTERVAL_MS - 1)).toBe(message);
  expect(deduplication.find("key", 1000 + INTERVAL_MS)).toBeUndefined();
});

test("each of many sends is forgotten at its own time", () => {
  const deduplication = new Deduplication();
  for (let n = 0; n < 10_000; n++)
    deduplication.remember(`${n}`, { id: `${n}`, sequenceNumber: undefined }, n);
  expect(deduplication.find("4999", 5000 + INTERVAL_MS)).toBeUndefined();
  expect(deduplication.find("5001", 5000 + INTERVAL_MS)).toMatchObject({ id: "5001" });
  expect(deduplication.find("9999", 5000 + INTERVAL_MS)).toMatchObject({ id: "9999" });
});

test("the key contains the group only when the scope is the group", () => {
  expect(deduplicationKey("queue", "a", "x")).toBe(deduplicationKey("queue", "b", "x"));
  expect(deduplicationKey("messageGroup", "a", "x")).not.toBe(
    deduplicationKey("messageGroup", "b", "x"),
  );
});
