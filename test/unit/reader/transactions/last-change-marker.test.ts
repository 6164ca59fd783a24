import { expect, test } from "vitest";
import { RowTexts } from "../../../../reader/binlog-format/rows/row-texts.ts";
import { LastChangeMarker } from "../../../../reader/transactions/last-change-marker.ts";
import type {
  Boundary,
  RowChange,
  Transaction,
} from "../../../../reader/transactions/transaction.ts";

const transaction = { gtid: "a:1" } as Transaction;
const change = (n: number): RowChange => ({
  op: "c",
  database: "shop",
  table: "orders",
  offset: 4,
  row: n,
  n,
  texts: RowTexts.of({ after: "{}" }),
});
const boundary: Boundary = {
  executed: null,
  alsoExecuted: [],
  file: "bin.000001",
  offset: 4,
  run: null,
  anchor: null,
  keptXa: [],
  committedMs: 0,
};

function marker() {
  const seen: string[] = [];
  const sink = new LastChangeMarker({
    change: (_, { n, last }) => seen.push(last === true ? `${n} last` : `${n}`),
    prepared: () => seen.push("prepared"),
    boundary: () => seen.push("boundary"),
    relief: () => null,
  });
  return { sink, seen };
}

test("the marker passes a change on when the next one arrives, and the last change before the boundary", () => {
  const { sink, seen } = marker();
  sink.change(transaction, change(0));
  expect(seen).toEqual([]);
  sink.change(transaction, change(1));
  expect(seen).toEqual(["0"]);
  sink.boundary(boundary);
  expect(seen).toEqual(["0", "1 last", "boundary"]);
});

test("a boundary without changes is passed on", () => {
  const { sink, seen } = marker();
  sink.boundary(boundary);
  sink.prepared(transaction);
  expect(seen).toEqual(["boundary", "prepared"]);
});
