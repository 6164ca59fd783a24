import { expect, test } from "vitest";
import { AttemptFailures } from "../../../reader/attempt-failures.ts";
import { BinlogRefusedError, SourceAccessError } from "../../../reader/reporting/errors.ts";

const SECOND = 1000;
const refused = Object.assign(new Error("could not find log"), { errno: 1236 });
const reset = Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });

test("temporary failures are counted until an attempt reaches the binlog", () => {
  const failures = new AttemptFailures(1);
  expect(failures.add(reset, false, SECOND)).toBe(1);
  expect(failures.add(reset, false, SECOND)).toBe(2);
  expect(failures.add(reset, true, SECOND)).toBe(1);
});

test("a permanent failure is thrown at once", () => {
  const denied = Object.assign(new Error("denied"), { errno: 1045 });
  expect(() => new AttemptFailures(1).add(denied, true, SECOND)).toThrow(SourceAccessError);
});

test("the third doubtful failure in a row is final", () => {
  const failures = new AttemptFailures(7);
  failures.add(refused, true, SECOND);
  failures.add(refused, true, SECOND);
  expect(() => failures.add(refused, true, SECOND)).toThrow(BinlogRefusedError);
});

test("an attempt that lasted a minute resets the count of doubtful failures", () => {
  const failures = new AttemptFailures(7);
  failures.add(refused, true, SECOND);
  failures.add(refused, true, SECOND);
  failures.add(refused, true, 61 * SECOND);
  failures.add(refused, true, SECOND);
  expect(() => failures.add(refused, true, SECOND)).toThrow(BinlogRefusedError);
});

test("every error of AWS counts as temporary, whatever its name", () => {
  const failures = new AttemptFailures(1);
  const denied = Object.assign(new Error("denied"), { name: "AccessDenied", $metadata: {} });
  const lost = Object.assign(new Error("none"), { name: "CredentialsProviderError" });
  expect(failures.add(denied, false, SECOND)).toBe(1);
  expect(failures.add(lost, false, SECOND)).toBe(2);
});
