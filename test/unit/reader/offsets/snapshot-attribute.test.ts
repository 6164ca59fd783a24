import { expect, test } from "vitest";
import { snapshotsAttribute, snapshotsOf } from "../../../../reader/offsets/snapshot-attribute.ts";

const SAVED = {
  numbers: { file: "binlog.000007", offset: 4711, next: 12 },
  progress: [
    {
      id: "one",
      tables: ["shop.items", "shop.orders"],
      tableIndex: 1,
      keyName: "id",
      lastKey: ["42"],
      rowsOfTable: 300,
      rows: 1300,
      chunks: 3,
      parts: 9,
      rereads: 2,
    },
  ],
};

test("the progress of snapshots is read as it was saved", () => {
  expect(snapshotsOf({ snapshots: snapshotsAttribute(SAVED) })).toEqual(SAVED);
  expect(snapshotsOf({ snapshots: snapshotsAttribute(undefined) })).toBeUndefined();
});

test("a snapshot that an earlier release began continues: each of its chunks was one part", () => {
  const { M: attribute = {} } = snapshotsAttribute(SAVED);
  const [progress] = attribute["progress"]?.L ?? [];
  delete progress?.M?.["parts"];
  expect(snapshotsOf({ snapshots: { M: attribute } })?.progress).toEqual([
    { ...SAVED.progress[0], parts: 3 },
  ]);
});
