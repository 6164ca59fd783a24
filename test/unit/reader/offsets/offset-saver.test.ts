import { pino } from "pino";
import { expect, test } from "vitest";
import { InFlightFrames } from "../../../../reader/frames/in-flight-frames.ts";
import type { SnapshotProgress } from "../../../../reader/frames/snapshot-progress.ts";
import { OffsetSaver } from "../../../../reader/offsets/offset-saver.ts";
import type { Offset } from "../../../../reader/offsets/offset.ts";
import { formatPosition, type PositionText } from "../../../../wire/position.ts";

const EPOCH = 5;
const at = (row: number, epoch = EPOCH): PositionText =>
  formatPosition({ epoch, file: 3, offset: 1000, row });

/** The lane had its last frame in an earlier life, from before an operator's new start. */
const OFFSET: Offset = {
  epoch: EPOCH,
  life: "a",
  server: "s",
  run: 1,
  gtidSet: null,
  file: "mysql-bin.000003",
  offset: 1000,
  isExact: true,
  anchor: null,
  lanes: new Map([[0, at(7, EPOCH - 1)]]),
  laneCount: 1,
  anewSince: EPOCH,
  committedMs: 0,
  keptXa: [],
};

function bench() {
  const inFlight = new InFlightFrames();
  const sent = new Map(OFFSET.lanes);
  const written: (readonly [number, PositionText][])[] = [];
  const settled: boolean[] = [];
  const saver = new OffsetSaver({
    offset: OFFSET,
    takeProgress: () => inFlight.take(),
    laneCount: 1,
    unsure: null,
    lanes: () => new Map(sent),
    before: () => Promise.resolve(),
    write: ({ lanes, isSettled }) => {
      written.push([...lanes]);
      settled.push(isSettled === true);
      return Promise.resolve();
    },
    onSaved: () => undefined,
    log: pino({ level: "silent" }),
  });
  return { inFlight, sent, saver, written, settled };
}

test("a lane's first position is saved although only rows of a snapshot were sent", async () => {
  const { sent, saver, written } = bench();
  await saver.save();
  expect(written).toEqual([]);
  sent.set(0, at(10));
  await saver.save();
  expect(written).toEqual([[[0, at(10)]]]);
  sent.set(0, at(20));
  await saver.save();
  expect(written).toHaveLength(1);
});

test("a snapshot's progress is saved with the lanes' positions", async () => {
  const { inFlight, sent, saver, written } = bench();
  sent.set(0, at(10));
  await saver.save();
  sent.set(0, at(20));
  const numbers = { file: "mysql-bin.000003", offset: 1000, next: 21 };
  const progress = { id: "s", tables: ["shop.t"], tableIndex: 0 } as unknown as SnapshotProgress;
  inFlight.snapshot({ numbers, progress });
  await saver.save();
  expect(written.at(-1)).toEqual([[0, at(20)]]);
});

test("the end of an attempt is settled only if no lane has sent a part of the next transaction", async () => {
  for (const [last, isSettled] of [
    [at(7), true],
    [formatPosition({ epoch: EPOCH, file: 3, offset: 1200, row: 5 }), false],
  ] as const) {
    const { sent, saver, written, settled } = bench();
    sent.set(0, at(7));
    // A lane's later positions are saved only with the offset.
    await saver.save();
    sent.set(0, last);
    await saver.settle();
    expect(settled.at(-1)).toBe(isSettled);
    expect(written.at(-1)).toEqual([[0, last]]);
  }
});
