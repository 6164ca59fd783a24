import { beforeEach, expect, test } from "vitest";
import { RowTexts } from "../../../../reader/binlog-format/rows/row-texts.ts";
import { ChunkReader } from "../../../../reader/snapshot/chunk-reader.ts";
import { StreamTap } from "../../../../reader/snapshot/stream-tap.ts";
import type {
  Boundary,
  RowChange,
  Transaction,
} from "../../../../reader/transactions/transaction.ts";

const PLACE = { file: "bin.000001", fileNumber: 1, run: 1, serverId: 1, start: 4, thread: 8 };
const inParts: Transaction = { ...PLACE, gtidPrefix: "uuid:", gtidNumber: 7, committedUs: 6 };
const oneText: Transaction = { ...PLACE, gtid: "uuid:9007199254740993", committedUs: 6 };
const anonymous: Transaction = { ...PLACE, gtid: null, committedUs: 6 };

let passed: unknown[];
let tap: StreamTap;

beforeEach(() => {
  passed = [];
  tap = new StreamTap(
    {
      change: (transaction, change) => passed.push(transaction, change),
      prepared: (transaction) => passed.push(transaction),
      boundary: (boundary) => passed.push(boundary),
      relief: () => null,
    },
    "uuid:1-3",
  );
});

function changeOf(database: string, table: string): RowChange {
  const texts = new RowTexts(Buffer.alloc(0));
  return { op: "t", database, table, offset: 4, row: 0, n: 0, texts, definition: undefined };
}

function boundaryOf(number: number): Boundary {
  const place = { file: "bin.000001", offset: 4, run: 1, anchor: null, committedMs: 0 };
  return { ...place, executed: { prefix: "uuid:", number }, alsoExecuted: [], keptXa: [] };
}

const never = (): never => {
  throw new Error("no query is expected");
};

/** A reader of which only the number of statements that it was told matters. */
function reader(): ChunkReader {
  const source = { untilVisible: never, select: never, end: never, isInRange: never };
  return new ChunkReader(
    { ...source, areInRange: never },
    { asksAgain: false, partRows: 1, partBytes: 1, heldKeys: 1 },
    never,
  );
}

test("passes everything on to its sink", () => {
  const change = changeOf("shop", "orders");
  const boundary = boundaryOf(4);
  tap.change(inParts, change);
  tap.prepared(oneText);
  tap.boundary(boundary);
  expect(passed).toEqual([inParts, change, oneText, boundary]);
});

test("only a transaction without a GTID is anonymous, in parts or not", () => {
  for (const transaction of [inParts, oneText]) tap.change(transaction, changeOf("shop", "orders"));
  expect(tap.hasAnonymous).toBe(false);
  tap.change(anonymous, changeOf("shop", "orders"));
  expect(tap.hasAnonymous).toBe(true);
  tap.seesAnonymous();
  expect(tap.hasAnonymous).toBe(false);
});

test("keeps the GTIDs of passed transactions until reads show them", () => {
  expect(tap.unseen()).toBe("uuid:1-3");
  tap.boundary(boundaryOf(4));
  const unseen = tap.unseen();
  expect(unseen).toBe("uuid:1-3,uuid:4-4");
  tap.boundary(boundaryOf(5));
  tap.sees("uuid:1-3");
  expect(tap.unseen()).toBe("uuid:1-3,uuid:4-4,uuid:5-5");
  tap.sees(tap.unseen());
  expect(tap.unseen()).toBe("");
});

test("the watched table's reader gets its changes and those of its whole database", () => {
  const watched = reader();
  tap.watch({ database: "shop", table: "orders" }, watched);
  tap.change(inParts, changeOf("shop", "orders"));
  tap.change(inParts, changeOf("shop", ""));
  tap.change(inParts, changeOf("shop", "others"));
  tap.change(inParts, changeOf("other", "orders"));
  expect(watched.definitions).toBe(2);
  tap.unwatch();
  tap.change(inParts, changeOf("shop", "orders"));
  expect(watched.definitions).toBe(2);
});
