import { pino } from "pino";
import { describe, expect, test } from "vitest";
import { chooseLanes } from "../../../../reader/offsets/choose-lanes.ts";
import {
  settledAt,
  layoutStep,
  type LaneProgress,
  withLanes,
} from "../../../../reader/offsets/lane-layout.ts";
import { LayoutWatch } from "../../../../reader/offsets/layout-watch.ts";
import type { Offset } from "../../../../reader/offsets/offset.ts";
import { formatPosition } from "../../../../wire/position.ts";

const at = (offset: number, epoch = 5) => formatPosition({ epoch, file: 3, offset, row: 0 });

const OFFSET: Offset = {
  epoch: 5,
  life: "a",
  server: "s",
  run: 1,
  gtidSet: null,
  file: "mysql-bin.000003",
  offset: 1000,
  isExact: true,
  anchor: null,
  lanes: new Map([
    [0, at(900)],
    [1, at(700, 4)],
  ]),
  laneCount: 2,
  isSettled: true,
  committedMs: 0,
  keptXa: [],
};

const progress = (
  ...lanes: readonly (readonly [string | null, ...string[]])[]
): ReadonlyMap<number, LaneProgress> =>
  new Map(
    lanes.map(([delivered, ...troubled], lane) => [
      lane,
      { delivered, troubled: new Set(troubled) },
    ]),
  );
const ALL_DELIVERED = progress([at(900)], [at(700, 4)]);

describe("another number of lanes", () => {
  test("comes into use when all that was sent is delivered and nothing may be parked", () => {
    expect(layoutStep(OFFSET, ALL_DELIVERED)).toEqual({ kind: "change" });
    expect(layoutStep(OFFSET, progress([at(899)], [at(700, 4)]))).toEqual({
      kind: "wait",
      lanes: [0],
    });
    expect(layoutStep(OFFSET, progress([at(900)], [null]))).toEqual({ kind: "wait", lanes: [1] });
    const parked = layoutStep(OFFSET, progress([at(900)], [at(700, 4), "test.fifo"]));
    expect(parked).toMatchObject({ kind: "keep", why: expect.stringContaining("test.fifo") });
  });

  test("is saved with the position from which on it is used", () => {
    expect(withLanes(OFFSET, 4)).toEqual({ ...OFFSET, laneCount: 4, lanesSince: at(1000) });
    const since = { ...OFFSET, lanesSince: at(500) };
    expect(withLanes(since, 2)).toEqual(since);
    const first = { ...OFFSET, laneCount: null };
    expect(withLanes(first, 4)).toEqual({ ...first, laneCount: 4 });
  });

  test("does not come into use after a reader that was killed", () => {
    expect(layoutStep({ ...OFFSET, isSettled: undefined }, ALL_DELIVERED)).toMatchObject({
      kind: "keep",
    });
  });

  test("may be used at an offset after which nothing was sent", () => {
    expect(settledAt(OFFSET, null)).toBe(true);
    // The lane was sent the first half of a transaction that begins at the offset.
    const half = { ...OFFSET, lanes: new Map([[0, at(1200)]]) };
    expect(settledAt(half, null)).toBe(false);
    // The rows of a snapshot stand between two transactions, at the offset itself.
    const rows = formatPosition({ epoch: OFFSET.epoch, file: 3, offset: 1000, row: 10_000_007 });
    expect(settledAt({ ...OFFSET, lanes: new Map([[0, rows]]) }, null)).toBe(true);
    // A killed reader may have sent everything up to the end of the server's binlog.
    expect(settledAt(OFFSET, { fileNumber: 3, offset: 1001 })).toBe(false);
    expect(settledAt(OFFSET, { fileNumber: 3, offset: 1000 })).toBe(true);
  });
});

describe("a reader that starts with another number of lanes", () => {
  const options = {
    offset: OFFSET,
    wanted: 4,
    onWait: () => undefined,
    log: pino({ level: "silent" }),
    signal: new AbortController().signal,
    lookMs: 1,
  };

  test("waits until its lanes are delivered", async () => {
    const looks = [
      progress([null], [null]),
      progress([at(100)], [null]),
      progress([at(900)], [null]),
      ALL_DELIVERED,
    ];
    const asked: number[][] = [];
    const readLanes = async (lanes: Iterable<number>) => {
      asked.push([...lanes]);
      return looks[Math.min(asked.length, looks.length) - 1] ?? ALL_DELIVERED;
    };
    expect(await chooseLanes({ ...options, readLanes })).toBe(4);
    expect(asked).toEqual([
      [0, 1],
      [0, 1],
      [0, 1],
      [0, 1],
    ]);
  });

  test("keeps the former number when a lane makes no progress or something is parked", async () => {
    const cases = [progress([at(100)], [null]), progress([at(900)], [at(700, 4), "test.fifo"])];
    for (const lanes of cases) {
      const readLanes = async () => lanes;
      expect(await chooseLanes({ ...options, readLanes, stillMs: 20 })).toBe(2);
    }
  });

  test("reads no progress when the number is the same, or was not saved, as in the last release", async () => {
    const reads = [new Error("asked")];
    const readLanes = () => Promise.reject(reads[0] ?? new Error("asked twice"));
    expect(await chooseLanes({ ...options, readLanes, wanted: 2 })).toBe(2);
    const offset = { ...OFFSET, laneCount: null };
    expect(await chooseLanes({ ...options, readLanes, offset })).toBe(4);
  });
});

describe("an attempt with another number of lanes than configured", () => {
  test("ends as soon as nothing may be parked", async () => {
    const looks = [null, progress([at(900), "test.fifo"]), progress([at(900)])];
    const read = async () => {
      const lanes = looks.shift();
      if (!lanes) throw new Error("the table is away");
      return lanes;
    };
    const watch = new LayoutWatch({
      isPending: true,
      sent: () => new Map([[0, at(900)]]),
      readLanes: read,
      everyMs: 0,
    });
    const ended: boolean[] = [];
    while (looks.length > 0) {
      await watch.look();
      ended.push(watch.signal.aborted);
    }
    expect(ended).toEqual([false, false, true]);
  });

  test("continues with the configured number, and until the first check is due", async () => {
    const look = { sent: () => new Map(), readLanes: async () => progress([at(900)]) };
    for (const watch of [
      new LayoutWatch({ ...look, isPending: false, everyMs: 0 }),
      new LayoutWatch({ ...look, isPending: true }),
    ]) {
      await watch.look();
      expect(watch.signal.aborted).toBe(false);
    }
  });

  test("continues while a lane makes no progress", async () => {
    const looks = [at(100), at(100), at(500)];
    const readLanes = async () => progress([looks.shift() ?? null]);
    const sent = () => new Map([[0, at(900)]]);
    const watch = new LayoutWatch({ isPending: true, sent, readLanes, everyMs: 0 });
    const ended: boolean[] = [];
    while (looks.length > 0) {
      await watch.look();
      ended.push(watch.signal.aborted);
    }
    expect(ended).toEqual([false, false, true]);
  });
});
