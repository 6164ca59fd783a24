import { expect, test } from "vitest";
import { readerLag, stopFindings } from "../../../../../operator/commands/doctor/reader-checks.ts";
import type { Offset } from "../../../../../reader/offsets/offset.ts";

const STOP = { error: "HistoryMismatchError", message: "another server", sinceMs: 0, isKept: true };

test("a stopped reader is a finding, with its error and what to do", () => {
  expect(stopFindings({ stop: null })).toEqual([]);
  expect(stopFindings({ stop: STOP })).toMatchObject([
    {
      check: "reader.stopped",
      severity: "loss",
      what: "the reader has been stopped since 1970-01-01T00:00:00.000Z: HistoryMismatchError: another server",
      remedy: expect.stringContaining("npm run offsets -- continue") as string,
    },
  ]);
  const [passing] = stopFindings({ stop: { ...STOP, isKept: false } });
  expect(passing?.remedy).toContain("tries again every minute");
});

const at = (committedMs: number) => ({ offset: { committedMs } as Offset });

test("the lag is from the last commit that was passed, and unknown before the first", () => {
  expect(readerLag(at(5000), 9000)).toBe(4);
  expect(readerLag(at(9500), 9000)).toBe(0);
  expect(readerLag(at(0), 9000)).toBe(null);
  expect(readerLag({ offset: null }, 9000)).toBe(null);
});
