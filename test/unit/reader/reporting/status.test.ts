import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { EventType } from "../../../../reader/binlog-format/events/event-types.ts";
import { embeddedMetrics, reportMetrics } from "../../../../reader/reporting/metrics.ts";
import { ReaderStatus } from "../../../../reader/reporting/status.ts";

const silent = (): void => undefined;

beforeEach(() => vi.useFakeTimers({ now: 1_000_000 }));
afterEach(() => vi.useRealTimers());

test("an idle database has no lag, however long ago the last change was", () => {
  const status = new ReaderStatus();
  status.enter("streaming");
  status.behindSince(999_000);
  status.reached(999_000, true, "x:1");
  vi.advanceTimersByTime(3_600_000);
  expect(status.lagMs()).toBe(0);
});

test("lag is the age of the oldest change that is not acknowledged", () => {
  const status = new ReaderStatus();
  status.enter("streaming");
  status.behindSince(990_000);
  status.behindSince(995_000);
  expect(status.lagMs()).toBe(10_000);
  status.reached(995_000, false, "x:1");
  expect(status.lagMs()).toBe(5000);
});

test("catching up is lag, also where nothing read is wanted, until the end is reached", () => {
  const status = new ReaderStatus();
  status.enter("streaming");
  status.startsAt(400_000);
  expect(status.lagMs()).toBe(600_000);
  status.hears(EventType.TABLE_MAP_EVENT, 700_000);
  status.hears(EventType.ROTATE_EVENT, 0);
  expect(status.lagMs()).toBe(300_000);
  status.hears(EventType.HEARTBEAT_LOG_EVENT, 0);
  expect(status.lagMs()).toBe(0);
});

test("a source that is not heard makes lag, and uses retention up", () => {
  const status = new ReaderStatus();
  status.enter("streaming");
  status.enter("connecting");
  status.retentionMs = 600_000;
  vi.advanceTimersByTime(60_000);
  expect(status.lagMs()).toBe(60_000);
  expect(status.retentionUsedPercent()).toBe(10);
});

test("metrics are written in the embedded format", () => {
  expect(JSON.parse(embeddedMetrics("shop", 5, [["ReaderLag", "Milliseconds", 7]]))).toEqual({
    _aws: {
      Timestamp: 5,
      CloudWatchMetrics: [
        {
          Namespace: "binlog-router",
          Dimensions: [["Source"]],
          Metrics: [{ Name: "ReaderLag", Unit: "Milliseconds" }],
        },
      ],
    },
    Source: "shop",
    ReaderLag: 7,
  });
});

test("what only a person can judge is counted once, in the report after it happened", () => {
  const lines: string[] = [];
  const written = vi.spyOn(process.stdout, "write").mockImplementation((line) => {
    lines.push(String(line));
    return true;
  });
  const status = new ReaderStatus();
  status.enter("streaming");
  const report = reportMetrics(status, "shop", {
    debug: silent,
    info: silent,
    warn: silent,
    error: silent,
  });
  status.counters.userChanges += 2;
  status.counters.unknownXa++;
  vi.advanceTimersByTime(20_000);
  report[Symbol.dispose]();
  written.mockRestore();
  const reports = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(reports).toMatchObject([
    { UserChanges: 2, XaChangesUnknown: 1 },
    { UserChanges: 0, XaChangesUnknown: 0 },
  ]);
});

test("a prepared XA transaction for which the offset waits counts from when it was prepared", () => {
  const status = new ReaderStatus();
  status.enter("streaming");
  status.retentionMs = 1000;
  const nowMs = 1_790_000_000_000;
  expect(status.preparedXaMs(nowMs)).toBe(0);
  status.waitsSince(nowMs - 600);
  expect(status.preparedXaMs(nowMs)).toBe(600);
  expect(status.retentionUsedPercent(nowMs)).toBe(60);
  status.waitsSince(null);
  expect(status.retentionUsedPercent(nowMs)).toBe(0);
});
