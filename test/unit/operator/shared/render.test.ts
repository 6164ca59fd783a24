import { PassThrough } from "node:stream";
import Table from "cli-table3";
import { describe, expect, test } from "vitest";
import {
  distance,
  plural,
  progressLine,
  shownOn,
  table,
  time,
  visible,
} from "../../../../operator/shared/render.ts";

describe("the progress line", () => {
  test("is rewritten in place on a terminal", () => {
    const output = Object.assign(new PassThrough({ encoding: "utf8" }), {
      isTTY: true,
      clearLine: () => output.write("<clear>"),
      cursorTo: () => output.write("<begin>"),
    });
    const progress = progressLine(output as unknown as NodeJS.WriteStream);
    progress("1 of 2 streams");
    progress("2 of 2 streams");
    progress("");
    const steps = ["1 of 2 streams", "2 of 2 streams", ""];
    expect(output.read()).toBe(steps.map((step) => `<clear><begin>${step}`).join(""));
  });

  test("is cut to a narrow terminal, where it could not be rewritten if it wrapped", () => {
    const output = Object.assign(new PassThrough({ encoding: "utf8" }), {
      isTTY: true,
      columns: 8,
      clearLine: () => true,
      cursorTo: () => true,
    });
    progressLine(output as unknown as NodeJS.WriteStream)("1 of 2 streams");
    expect(output.read()).toBe("1 of 2 ");
  });

  test("is left out where the output goes into a file", () => {
    const output = new PassThrough();
    progressLine(output as unknown as NodeJS.WriteStream)("1 of 2 streams");
    expect(output.read()).toBeNull();
  });
});

test("times are written as people read them", () => {
  expect(time(0)).toBe("");
  expect(time(1_795_190_000_123)).toBe("2026-11-20T15:53:20Z");
  const now = 1_795_190_000_000;
  expect(distance(now + 90_000, now)).toBe("in 90 s");
  expect(distance(now - 600_000, now)).toBe("10 min ago");
  expect(distance(now - 7_200_000 * 2, now)).toBe("4 h ago");
});

test("one is not said of several", () => {
  expect([0, 1, 2].map((count) => plural(count, "record"))).toEqual([
    "0 records",
    "1 record",
    "2 records",
  ]);
});

test("a name controls no terminal, and is exact in a file", () => {
  const text = "shop.\u001b]0;title\u0007\u009b2J\u007f\r\nnäme\t✓";
  expect(shownOn({ isTTY: true }, text)).toBe(
    "shop.\\u001b]0;title\\u0007\\u009b2J\\u007f\\u000d\nnäme\t✓",
  );
  expect(shownOn({}, text)).toBe(text);
});

test("a name looks like no other one by hidden or turned characters", () => {
  expect(visible("\u061c\u200b\u200e\u200f\u2028\u2029\u202a\u202e\u2060\u2066\u2069\ufeff")).toBe(
    String.raw`\u061c\u200b\u200e\u200f\u2028\u2029\u202a\u202e\u2060\u2066\u2069\ufeff`,
  );
  const withJoiners = "שלום می‌خواهم 👨‍👩‍👧 ❤️";
  expect(visible(withJoiners)).toBe(withJoiners);
});

function rowsOf(count: number): (string | number)[][] {
  return Array.from({ length: count }, (_, row) => [
    "x".repeat(row % 37),
    row,
    row % 11 === 0 ? "a\nbb" : "",
    row % 7 === 0 ? "表格" : "é",
  ]);
}

test.each([0, 1, 50, 51, 130])("a table of %i rows is drawn as one", (count) => {
  const head = ["stream", "n", "", "w"];
  const whole = new Table({ head, style: { head: [], border: [] } });
  whole.push(...rowsOf(count));
  expect(table(head, rowsOf(count))).toBe(whole.toString());
});

/** Processor time, microseconds. */
function timeOfTable(count: number): number {
  const rows = Array.from({ length: count }, () => Array.from({ length: 12 }, () => "x"));
  const before = process.cpuUsage();
  table([], rows);
  return process.cpuUsage(before).user;
}

test("the time that a table takes grows with its rows, not with their square", () => {
  timeOfTable(200);
  expect(timeOfTable(3200)).toBeLessThan(32 * timeOfTable(200));
});
