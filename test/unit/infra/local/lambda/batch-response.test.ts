import { expect, test } from "vitest";
import { failedMessages } from "../../../../../infra/local/lambda/batch-response.ts";

const batch = new Set(["a", "b", "c"]);

test.each([
  ["nothing", undefined, []],
  ["null", null, []],
  ["an empty object", {}, []],
  ["a null list", { batchItemFailures: null }, []],
  ["an empty list", { batchItemFailures: [] }, []],
  ["one failure", { batchItemFailures: [{ itemIdentifier: "b" }] }, ["b"]],
  ["an unknown message", { batchItemFailures: [{ itemIdentifier: "z" }] }, ["a", "b", "c"]],
  ["an empty identifier", { batchItemFailures: [{ itemIdentifier: "" }] }, ["a", "b", "c"]],
  ["no identifier", { batchItemFailures: [{}] }, ["a", "b", "c"]],
  ["a null identifier", { batchItemFailures: [{ itemIdentifier: null }] }, ["a", "b", "c"]],
  ["a null failure", { batchItemFailures: [null] }, ["a", "b", "c"]],
  ["a list of another kind", { batchItemFailures: "b" }, ["a", "b", "c"]],
  ["a text", "ok", ["a", "b", "c"]],
])("a function that returns %s", (_, response, failed) => {
  expect([...failedMessages(response, batch)]).toEqual(failed);
});
