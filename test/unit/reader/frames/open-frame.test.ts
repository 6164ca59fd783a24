import { expect, test } from "vitest";
import { RowTexts } from "../../../../reader/binlog-format/rows/row-texts.ts";
import { ColumnType, type TableDefinition } from "../../../../reader/binlog-format/column.ts";
import { InFlightFrames } from "../../../../reader/frames/in-flight-frames.ts";
import { OpenFrame } from "../../../../reader/frames/open-frame.ts";
import type { RowChange, Transaction } from "../../../../reader/transactions/transaction.ts";
import { decodeFrame } from "../../../../wire/decode-frame.ts";
import { type Frame, MESSAGE_BYTES } from "../../../../wire/frame.ts";

const transaction = (n: number): Transaction => ({
  gtid: `3e11fa47-71ca-11e1-9e33-c80aa9429562:${n}`,
  file: "bin.000001",
  fileNumber: 1,
  start: 100 * n,
  thread: 9,
  run: 1,
  serverId: 1,
  committedUs: 1_700_000_000_000_000,
});

function definition(...names: readonly string[]): TableDefinition {
  const column = {
    type: ColumnType.LONGLONG,
    nullable: false,
    unsigned: true,
    collation: 0,
    maxLength: 0,
    width: 0,
    precision: 0,
    decimals: 0,
    members: [],
    geometryType: 0,
    dimensions: 0,
    visible: true,
  };
  const columns = names.map((name) => ({ ...column, name }));
  return { id: 1, database: "shop", table: "orders", columns, primaryKey: [0] };
}

function frameOf(changes: readonly (readonly [Transaction, Partial<RowChange>])[]): Frame {
  const frame = new OpenFrame(new InFlightFrames().open());
  changes.forEach(([its, fields], n) => {
    const change = { op: "c", database: "shop", table: "orders", offset: 200, row: n, n } as const;
    frame.add(1, its, { ...change, texts: RowTexts.of({ after: "{}" }), ...fields });
  });
  const binlog = { source: "shop", epoch: 1, life: null, server: "s" };
  return decodeFrame(frame.seal(binlog, { lane: 0, previous: null }, []).bytes.toString());
}

const SHAPE = { columns: [["id", "bigint unsigned", false]], key: ["id"] };

test("a frame has one table entry for each definition, and equal definitions share an entry", () => {
  const its = transaction(1);
  const frame = frameOf([
    [its, { definition: definition("id") }],
    [its, { definition: definition("id") }],
    [its, { definition: definition("id", "total") }],
    [its, { op: "t", texts: RowTexts.of({}) }],
  ]);
  expect(frame.tables).toEqual([
    ["shop", "orders", SHAPE],
    [
      "shop",
      "orders",
      { ...SHAPE, columns: [...SHAPE.columns, ["total", "bigint unsigned", false]] },
    ],
    ["shop", "orders"],
  ]);
  expect(frame.changes.map(({ table }) => table)).toEqual([0, 0, 1, 2]);
});

test("a frame marks a transaction as ended when it contains the transaction's last change", () => {
  const [first, second] = [transaction(1), transaction(2)];
  const frame = frameOf([
    [first, {}],
    [first, { last: true }],
    [second, {}],
  ]);
  expect(frame.transactions.map(({ ended }) => ended)).toEqual([true, undefined]);
});

test("a frame asks for messages whose ids depend on all of their changes, and for their size", () => {
  const { idsByChanges, messageBytes } = frameOf([[transaction(1), {}]]);
  expect({ idsByChanges, messageBytes }).toEqual({
    idsByChanges: true,
    messageBytes: MESSAGE_BYTES,
  });
});
