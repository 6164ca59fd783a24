import { expect, test } from "vitest";
import { LeaseLostError } from "../../../../reader/reporting/errors.ts";
import { retry } from "../../../../reader/reporting/retry.ts";

const none = (): void => undefined;
const loseLease = (): Promise<never> => Promise.reject(new LeaseLostError("gone"));

function options(signal = new AbortController().signal) {
  const lines: object[] = [];
  const warn = (fields: object, message: string): void => void lines.push({ ...fields, message });
  const log = { debug: none, info: none, error: none, warn };
  const message = "it did not answer";
  return { lines, log, message, fields: { lane: 3 }, firstWaitMs: 1, longestWaitMs: 2, signal };
}

test("a retry repeats the action until it succeeds, and logs each failure", async () => {
  const retries = options();
  let left = 2;
  const act = async (): Promise<string> => {
    if (left-- > 0) throw new Error("busy");
    return "done";
  };
  await expect(retry(retries, act)).resolves.toBe("done");
  expect(retries.lines).toEqual([
    expect.objectContaining({ message: "it did not answer", lane: 3, failures: 1 }),
    expect.objectContaining({ failures: 2, error: { name: "Error", message: "busy" } }),
  ]);
});

test("a lost lease is not retried", async () => {
  const retries = options();
  await expect(retry(retries, loseLease)).rejects.toThrow("gone");
  expect(retries.lines).toEqual([]);
});

test("an abort ends the attempts with the abort's reason", async () => {
  const stop = new AbortController();
  const act = (): Promise<never> => {
    stop.abort(new Error("told to end"));
    return Promise.reject(new Error("busy"));
  };
  await expect(retry(options(stop.signal), act)).rejects.toThrow("told to end");
  await expect(retry(options(stop.signal), act)).rejects.toThrow("told to end");
});
