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

test("lag is the age of the oldest unacknowledged change", () => {
  const status = new ReaderStatus();
  status.enter("streaming");
  status.behindSince(990_000);
  status.behindSince(995_000);
  expect(status.lagMs()).toBe(10_000);
  status.reached(995_000, false, "x:1");
  expect(status.lagMs()).toBe(5000);
});

test("a reader that catches up reports lag until it reaches the end, even if it ships no change", () => {
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

test("a fresh event of the second at which reading began is the end", () => {
  const status = new ReaderStatus();
  status.enter("streaming");
  status.startsAt(999_000);
  status.hears(EventType.TABLE_MAP_EVENT, 999_000);
  expect(status.lagMs()).toBe(0);
});

test.each([-3_600_000, 3_600_000])(
  "lag is measured with the server's clock, which is %i ms ahead",
  (ahead) => {
    const status = new ReaderStatus();
    status.enter("streaming");
    status.clockIsAhead(ahead);
    status.behindSince(990_000 + ahead);
    expect(status.lagMs()).toBe(10_000);
    status.reached(999_000 + ahead, true, "x:1");
    status.startsAt(400_000 + ahead);
    expect(status.lagMs()).toBe(600_000);
    status.hears(EventType.TABLE_MAP_EVENT, 999_000 + ahead);
    expect(status.lagMs()).toBe(0);
    status.waitsSince(990_000 + ahead, 990_000 + ahead);
    expect(status.preparedXaMs()).toBe(10_000);
    status.retentionMs = 100_000;
    expect(status.retentionUsedPercent()).toBe(10);
  },
);

test("a silent source increases lag and the used retention", () => {
  const status = new ReaderStatus();
  status.enter("streaming");
  status.enter("connecting");
  status.retentionMs = 600_000;
  vi.advanceTimersByTime(60_000);
  expect(status.lagMs()).toBe(60_000);
  expect(status.retentionUsedPercent()).toBe(10);
});

test("before the binlog is read, lag is the age of the saved offset", () => {
  const status = new ReaderStatus();
  status.expects(400_000);
  expect(status.lagMs()).toBe(600_000);
  expect(status.retentionUsedPercent()).toBeNull();
  status.enter("streaming");
  status.hears(EventType.HEARTBEAT_LOG_EVENT, 0);
  status.enter("connecting");
  status.expects(400_000);
  vi.advanceTimersByTime(5000);
  expect(status.lagMs()).toBe(5000);
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

/** The reports of a reader: the first at its start, then one in each of these states. */
function reportsOf(...states: ((status: ReaderStatus) => void)[]): Record<string, unknown>[] {
  const lines: string[] = [];
  const written = vi.spyOn(process.stdout, "write").mockImplementation((line) => {
    lines.push(String(line));
    return true;
  });
  const status = new ReaderStatus();
  const log = { debug: silent, info: silent, warn: silent, error: silent };
  const report = reportMetrics(status, "shop", log, 20_000);
  for (const change of states) {
    change(status);
    vi.advanceTimersByTime(20_000);
  }
  report[Symbol.dispose]();
  written.mockRestore();
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

test("a reader reports itself active while it reads or waits for the former lanes, and a standby reports standby", () => {
  const reports = reportsOf(
    (status) => status.enter("standby"),
    (status) => status.enter("connecting"),
    (status) => status.enter("waiting"),
    (status) => status.enter("streaming"),
    (status) => (status.isStoppedByError = true),
    (status) => status.enter("stopped"),
  );
  expect(
    reports.map(({ ReaderStarts, ReaderStandby, ReaderActive, ReaderStopped }) => ({
      ReaderStarts,
      ReaderStandby,
      ReaderActive,
      ReaderStopped,
    })),
  ).toEqual([
    { ReaderStarts: 1 },
    { ReaderStarts: 0, ReaderStandby: 1 },
    { ReaderStarts: 0, ReaderActive: 0, ReaderStopped: 0 },
    { ReaderStarts: 0, ReaderActive: 1, ReaderStopped: 0 },
    { ReaderStarts: 0, ReaderActive: 1, ReaderStopped: 0 },
    { ReaderStarts: 0, ReaderActive: 0, ReaderStopped: 1 },
  ]);
});

test("a reader is held up while it does not read a source that was read before", () => {
  const status = new ReaderStatus();
  expect(status.isHeldUp).toBe(true);
  status.expects(null);
  status.enter("blocked");
  expect(status.isHeldUp).toBe(false);
  status.expects(400_000);
  expect(status.isHeldUp).toBe(true);
  for (const state of ["streaming", "standby"] as const) {
    status.enter(state);
    expect(status.isHeldUp).toBe(false);
  }
});

test("a stop is reported until a reader reads the binlog or becomes the standby", () => {
  const status = new ReaderStatus();
  status.isStoppedByError = true;
  status.enter("blocked");
  status.enter("connecting");
  expect(status.isStoppedByError).toBe(true);
  status.enter("standby");
  expect(status.isStoppedByError).toBe(false);
});

test("the used retention is reported once the retention is known", () => {
  const [, before, after] = reportsOf(
    () => undefined,
    (status) => (status.retentionMs = 1_000_000),
  );
  expect(before).not.toHaveProperty("BinlogRetentionUsed");
  expect(after).toHaveProperty("BinlogRetentionUsed");
});

test("an event that a person has to judge is counted once, in the next report", () => {
  const reports = reportsOf(
    (status) => status.enter("streaming"),
    ({ counters }) => {
      counters.userChanges += 2;
      counters.unknownXa++;
    },
    () => undefined,
  );
  expect(reports.slice(2)).toMatchObject([
    { UserChanges: 2, XaChangesUnknown: 1 },
    { UserChanges: 0, XaChangesUnknown: 0 },
    { UserChanges: 0, XaChangesUnknown: 0 },
  ]);
});

test("a prepared XA transaction that holds the offset is reported with its age since XA PREPARE", () => {
  const status = new ReaderStatus();
  status.enter("streaming");
  status.retentionMs = 1000;
  const nowMs = 1_790_000_000_000;
  expect(status.preparedXaMs(nowMs)).toBe(0);
  status.waitsSince(nowMs - 600, nowMs - 600);
  expect(status.preparedXaMs(nowMs)).toBe(600);
  expect(status.retentionUsedPercent(nowMs)).toBe(60);
  status.waitsSince(nowMs - 600, null);
  expect(status.retentionUsedPercent(nowMs)).toBe(0);
});
