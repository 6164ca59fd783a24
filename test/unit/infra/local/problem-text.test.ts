import { expect, test } from "vitest";
import {
  FunctionExitedError,
  FunctionFailedError,
  FunctionThrottledError,
  FunctionTimedOutError,
} from "../../../../infra/local/lambda/errors.ts";
import { BatchItemsFailedError } from "../../../../infra/local/lambda/event-source-mapping.ts";
import { problemText } from "../../../../infra/local/problem-text.ts";
import { ChildEndedError } from "../../../../infra/local/process/child-process.ts";

const EXIT = { code: 1, signal: null };

test.each([
  [new FunctionFailedError("route", "TypeError", "x"), "Function errors"],
  [new FunctionTimedOutError("retry", 30_000), "Function errors"],
  [new FunctionExitedError("route", EXIT), "Function errors"],
  [new FunctionThrottledError("route", 5), "Function throttles"],
  [new BatchItemsFailedError(1, 2), "Frames come again"],
  [new ChildEndedError("reader", EXIT, "reader.log"), "Reader not reporting"],
])("the problem %s names its heading in the runbook", (error, heading) => {
  expect(problemText(error)).toBe(`${error.message}. Runbook: ${heading}`);
});

test.each([
  [new ChildEndedError("application of staging", EXIT, "a.log"), /^the application of staging/],
  [new Error("Connection lost\nSELECT 1"), /^Connection lost$/],
  ["no error", /^no error$/],
])("the problem %s, of what is not deployed, is its first line", (error, text) => {
  expect(problemText(error)).toMatch(text);
  expect(problemText(error)).not.toContain("Runbook");
});
