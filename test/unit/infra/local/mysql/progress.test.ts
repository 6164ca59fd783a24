import { PassThrough } from "node:stream";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { amount, showProgress } from "../../../../../infra/local/mysql/progress.ts";

describe("amount", () => {
  it("shows the received and the total amount, and the rate", () => {
    expect(amount(12_300_000, 55_700_000, 3_000)).toBe("12.3 of 55.7 MB (22 %), 4.1 MB/s");
  });

  it("never shows more than the total", () => {
    expect(amount(56_000_000, 55_700_000, 0)).toBe("56.0 of 55.7 MB (100 %)");
  });
});

describe("showProgress", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("writes few, plain lines where the output is not a terminal", () => {
    const stream = new PassThrough();
    const progress = showProgress(stream, false);
    progress.step("downloading");
    for (let second = 1; second <= 12; second++) {
      vi.advanceTimersByTime(1_000);
      progress.bytes(second * 1e6, 12e6);
    }
    progress.end();
    expect(String(stream.read())).toBe(
      "MySQL: downloading\n" +
        "MySQL: downloading, 5.0 of 12.0 MB (41 %), 1.0 MB/s\n" +
        "MySQL: downloading, 10.0 of 12.0 MB (83 %), 1.0 MB/s\n",
    );
  });

  it("redraws one line per step in a terminal", () => {
    const stream = new PassThrough();
    const progress = showProgress(stream, true);
    progress.step("downloading");
    vi.advanceTimersByTime(1_000);
    progress.bytes(6e6, 12e6);
    progress.step("unpacking");
    progress.end();
    expect(String(stream.read()).split("\n")).toEqual([
      "\r\x1b[2KMySQL: downloading\r\x1b[2KMySQL: downloading, 6.0 of 12.0 MB (50 %), 6.0 MB/s",
      "\r\x1b[2KMySQL: unpacking",
      "",
    ]);
  });
});
