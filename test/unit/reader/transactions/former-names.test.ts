import { beforeEach, describe, expect, test } from "vitest";
import type { FilteredNames } from "../../../../config/filtered-names.ts";
import { EventType } from "../../../../reader/binlog-format/events/event-types.ts";
import { FrameTables } from "../../../../reader/frames/frame-tables.ts";
import { NameHistory } from "../../../../reader/statements/name-history.ts";
import type { SavedNames } from "../../../../reader/statements/saved-names.ts";
import type { Boundary, RowChange } from "../../../../reader/transactions/transaction.ts";
import type { TransactionReader } from "../../../../reader/transactions/transaction-reader.ts";
import { long } from "../../../support/name-histories.ts";
import { keptBoundary } from "../../../support/kept-boundary.ts";
import { queryEventBytes } from "../../../support/query-event.ts";
import { transactionReaderOf } from "../../../support/transaction-reader.ts";
import { recorded } from "../binlog-format/recorded-events.ts";

const HEADER_LENGTH = 19;
const filtered = {
  tables: ["shop.clients"],
  columns: ["shop.clients.name", "shop.clients.title"],
};
/** The table of the recorded events. */
const FORMER_OF_ORDERS = { tables: [["shop", "clients"]], columns: [["name", ["title"]]] };

let changes: RowChange[];
let boundaries: Boundary[];
let reader: TransactionReader;
let end: number;

beforeEach(() => begin());

function begin(saved?: SavedNames, configured: FilteredNames | null = filtered): void {
  changes = [];
  boundaries = [];
  end = 4;
  reader = transactionReaderOf(
    ["shop.*"],
    {
      change: (_, change) => changes.push({ ...change }),
      boundary: (boundary) => boundaries.push(keptBoundary(boundary)),
    },
    { names: new NameHistory({ filtered: configured, lowerCase: false, saved }) },
  );
  const rotate = Buffer.concat([Buffer.alloc(HEADER_LENGTH + 8), Buffer.from("bin.000007")]);
  rotate.writeUInt8(EventType.ROTATE_EVENT, 4);
  rotate.writeUInt32LE(rotate.length, 9);
  rotate.writeBigUInt64LE(BigInt(end), HEADER_LENGTH);
  void reader.onEvent(rotate);
}

function take(event: Buffer): void {
  end += event.length;
  event.writeUInt32LE(event.length, 9);
  event.writeUInt32LE(end, 13);
  void reader.onEvent(event);
}

function statement(sql: string): void {
  take(queryEventBytes(sql));
}

/** Two inserted rows of shop.orders. */
function rows(): void {
  take(Buffer.from(recorded.TABLE_MAP.subarray(0, -4)));
  take(Buffer.from(recorded.WRITE_ROWS.subarray(0, -4)));
}

function insert(): void {
  statement("BEGIN");
  rows();
  statement("COMMIT");
}

function xaPrepare(): void {
  const event = Buffer.alloc(HEADER_LENGTH + 13 + 1);
  event.writeUInt8(EventType.XA_PREPARE_LOG_EVENT, 4);
  event.writeUInt32LE(1, HEADER_LENGTH + 1);
  event.writeUInt32LE(1, HEADER_LENGTH + 5);
  event.writeUInt8(0x61, HEADER_LENGTH + 13);
  take(event);
}

const tablesOf = ({ names }: Boundary): unknown => names?.present.map(({ table }) => table[1]);

describe("the rows behind a rename have the table's former names", () => {
  test("in their definition, which is passed on even where frames contain no columns", () => {
    insert();
    expect(changes.map(({ definition }) => definition)).toEqual([undefined, undefined]);
    statement("ALTER TABLE clients RENAME COLUMN title TO full");
    statement("ALTER TABLE clients CHANGE full name VARCHAR(20), RENAME orders");
    insert();
    expect(changes.at(-1)?.definition?.former).toEqual(FORMER_OF_ORDERS);
    statement("DROP TABLE orders");
    insert();
    expect(changes.at(-1)?.definition).toBeUndefined();
  });

  test("in the frame's table", () => {
    statement("RENAME TABLE clients TO orders");
    insert();
    const tables = new FrameTables();
    for (const change of changes.filter(({ op }) => op === "c")) tables.indexOf(change);
    expect(tables.list).toMatchObject([
      ["shop", "orders", { key: ["id"], former: { tables: [["shop", "clients"]] } }],
    ]);
  });
});

describe("the names at a position are saved with it", () => {
  test("so that a reader that goes on there knows them", () => {
    statement("RENAME TABLE clients TO orders");
    begin(boundaries.at(-1)?.names);
    insert();
    expect(changes[0]?.definition?.former?.tables).toEqual([["shop", "clients"]]);
  });

  test("also by a reader without filters, for a filter that comes back", () => {
    begin(boundaries.at(-1)?.names, null);
    insert();
    expect(changes.at(-1)?.definition).toBeUndefined();
    begin();
    statement("CREATE DATABASE other");
    begin(boundaries.at(-1)?.names, null);
    statement("ALTER TABLE clients RENAME COLUMN title TO name, RENAME orders");
    insert();
    // A change that is parked until the filter is back finds the names in its frame.
    const former = { tables: [["shop", "clients"]], columns: [["name", ["title"]]] };
    expect(changes.at(-1)?.definition?.former).toEqual(former);
    begin(boundaries.at(-1)?.names);
    insert();
    expect(changes.at(-1)?.definition?.former).toEqual(former);
  });

  test("while a prepared XA transaction holds the position back, those since its beginning", () => {
    statement("RENAME TABLE clients TO one");
    statement("XA START X'61',X'',1");
    rows();
    statement("XA END X'61',X'',1");
    xaPrepare();
    statement("RENAME TABLE one TO two");
    expect(boundaries.map(tablesOf)).toEqual([["one"], ["one"], ["one", "two"]]);
    // The GTID of the rename counts as executed, so another server does not send it again.
    begin(boundaries.at(-1)?.names);
    statement("RENAME TABLE two TO orders");
    insert();
    expect(changes.at(-1)?.definition?.former?.tables).toEqual([["shop", "clients"]]);
  });

  test("also those that a table had in between, until the XA transaction has ended", () => {
    statement("XA START X'61',X'',1");
    rows();
    statement("XA END X'61',X'',1");
    xaPrepare();
    statement("RENAME TABLE clients TO one");
    statement("RENAME TABLE one TO two");
    expect(boundaries.slice(-1).map(tablesOf)).toEqual([["two", "one"]]);
    statement("XA COMMIT X'61',X'',1");
    expect(boundaries.slice(-1).map(tablesOf)).toEqual([["two"]]);
    statement("XA COMMIT X'61',X'',1");
    expect(boundaries.at(-1)?.held).toBeUndefined();
    expect(boundaries.slice(-1).map(tablesOf)).toEqual([["two"]]);
  });
});

describe("a rename that is one too many to be saved", () => {
  test("stops the reader, which reads on with filters that also choose the new names", () => {
    let i = 0;
    const rename = (): void => statement(`RENAME TABLE clients TO ${long(i)}`);
    expect(() => {
      for (; i < 5000; i++) rename();
    }).toThrow(/cannot save another former name.*Give the filters patterns that also choose/s);
    expect(boundaries.length).toBeGreaterThan(100);

    // The reader begins where it has saved, before this rename.
    begin(boundaries.at(-1)?.names);
    expect(rename).toThrow(/cannot save another former name/);
    const wider = { tables: ["shop.*"], columns: ["shop.*.name", "shop.*.title"] };
    begin(boundaries.at(-1)?.names, wider);
    for (const last = i + 20; i < last; i++) rename();
    expect(boundaries).toHaveLength(20);
  });

  test("stops no reader when the table is not followed, or a wildcard chooses its new names", () => {
    begin(undefined, { tables: ["shop.clients*"], columns: ["shop.clients*.name"] });
    for (let i = 0; i < 2000; i++) {
      statement(`RENAME TABLE crm.clients TO crm.${long(i)}`);
      statement(`RENAME TABLE clients TO clients_${i}`);
    }
    expect(boundaries.at(-1)?.names).toMatchObject({ present: [], past: [] });
    statement("RENAME TABLE clients TO orders");
    insert();
    expect(changes.at(-1)?.definition?.former?.tables).toEqual([["shop", "clients"]]);
  });
});
