import { expect, test } from "vitest";
import { fileAgeMs } from "../../../../reader/source/retention.ts";

test("a file's age is by the server's clock, and unknown while that has not reached its time", () => {
  expect(fileAgeMs(100, 160_000)).toBe(60_000);
  expect(fileAgeMs(100, 100_000)).toBeNull();
  expect(fileAgeMs(100, 40_000)).toBeNull();
  expect(fileAgeMs(null, 160_000)).toBeNull();
});
