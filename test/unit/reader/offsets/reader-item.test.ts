import { expect, test } from "vitest";
import type { Offset } from "../../../../reader/offsets/offset.ts";
import { formatPosition } from "../../../../wire/position.ts";
import { attributesOf, decodeReaderItem } from "../../../../reader/offsets/reader-item.ts";

const offset: Offset = {
  epoch: 1,
  life: "a-life",
  server: "5441fac8-0000-0000-0000-000000000001",
  run: 1,
  gtidSet: null,
  file: "bin.000001",
  offset: 4,
  isExact: true,
  anchor: null,
  lanes: new Map([[0, "p"]]),
  laneCount: 1,
  keptXa: [],
  committedMs: 1,
  names: {
    present: [
      {
        table: ["shop", "a.clients"],
        former: { tables: [["shop", "customers"]], columns: [["mail", ["E-Mail"]]] },
      },
    ],
    past: [],
  },
};

test("an offset keeps the former names of tables, also when an operator orders a new start", () => {
  const item = attributesOf(offset);
  expect(decodeReaderItem(item).offset).toMatchObject({ ...offset });
  const { names, epoch, lanes, laneCount } = item;
  const anew = { names, epoch, lanes, laneCount, life: { S: "next" }, start: { S: "oldest" } };
  expect(decodeReaderItem(anew).newStart).toMatchObject({ names: offset.names });
});

test("an offset of an earlier release has no former names", () => {
  const { names: _, ...earlier } = attributesOf(offset);
  expect(decodeReaderItem(earlier).offset?.names).toBeUndefined();
});

test("an offset keeps which runs have names of their own, also when an operator orders a new start", () => {
  const ownRuns = { second: 7, file: "bin.000001", offset: 99 };
  const item = attributesOf({ ...offset, ownRuns });
  expect(decodeReaderItem(item).offset?.ownRuns).toEqual(ownRuns);
  const anew = { ownRuns: item.ownRuns, epoch: item.epoch, start: { S: "oldest" } };
  expect(decodeReaderItem(anew).newStart?.ownRuns).toEqual(ownRuns);
  expect(decodeReaderItem(attributesOf(offset)).offset?.ownRuns).toBeUndefined();
});

test("the position from which on the lanes are used belongs to the offset's life", () => {
  const lanesSince = formatPosition({ epoch: 1, file: 1, offset: 4, row: 0 });
  const item = attributesOf({ ...offset, lanesSince });
  expect(decodeReaderItem(item).offset).toMatchObject({ lanesSince });
  // A reader of an earlier release keeps the attribute when a new life begins.
  const next = { ...item, epoch: { N: "2" } };
  expect(decodeReaderItem(next).offset?.lanesSince).toBeUndefined();
});
