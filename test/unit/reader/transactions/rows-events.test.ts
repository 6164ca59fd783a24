import { beforeEach, expect, test } from "vitest";
import { EventType } from "../../../../reader/binlog-format/events/event-types.ts";
import type { TransactionReader } from "../../../../reader/transactions/transaction-reader.ts";
import { queryEventBytes } from "../../../support/query-event.ts";
import { transactionReaderOf } from "../../../support/transaction-reader.ts";
import { recorded } from "../binlog-format/recorded-events.ts";

const HEADER_LENGTH = 19;
/** Two rows of shop.orders. */
const ROWS = recorded.WRITE_ROWS.subarray(0, -4);
/** Header, table id, flags, the length of additional bytes, number of columns, their bitmap. */
const ROWS_HEADER = HEADER_LENGTH + 6 + 2 + 2 + 1 + 1;
const ORDERS = "c shop.orders";
const LEDGER = "c of the ledger";

let seen: string[];
let reader: TransactionReader;

beforeEach(() => {
  seen = [];
  reader = transactionReaderOf(
    ["shop.*"],
    { change: (_, { op, database, table }) => seen.push(`${op} ${database}.${table}`) },
    { ledger: "shop.ledger", onLedgerRow: (_, op) => seen.push(`${op} of the ledger`) },
  );
});

function take(...events: readonly Buffer[]): void {
  for (const event of events) void reader.onEvent(Buffer.from(event));
}

/** The map of the table shop.`name`, whose columns are those of shop.orders. */
function tableMap(name: "orders" | "ledger", id = 0x7a): Buffer {
  const map = Buffer.from(recorded.TABLE_MAP.subarray(0, -4));
  map.write(name, map.indexOf("orders"));
  map.writeUIntLE(id, HEADER_LENGTH, 6);
  return map;
}

function rows(id: number): Buffer {
  const event = Buffer.from(ROWS);
  event.writeUIntLE(id, HEADER_LENGTH, 6);
  return event;
}

function commit(): Buffer {
  const event = Buffer.alloc(HEADER_LENGTH + 8);
  event[4] = EventType.XID_EVENT;
  return event;
}

test.each([
  ["orders", "two rows", ROWS],
  ["orders", "no row", ROWS.subarray(0, ROWS_HEADER)],
  ["ledger", "two rows", ROWS],
  ["ledger", "no row", ROWS.subarray(0, ROWS_HEADER)],
] as const)("refuses an event of %s outside a transaction with %s", (name, _, event) => {
  take(tableMap(name));
  expect(() => take(event)).toThrow("a transaction that has not begun");
  expect(seen).toEqual([]);
  take(queryEventBytes("BEGIN"), event, commit());
  expect(() => take(event)).toThrow("a transaction that has not begun");
});

test("a table is the ledger while it has the ledger's name", () => {
  take(queryEventBytes("BEGIN"), tableMap("orders"), ROWS, commit());
  take(queryEventBytes("RENAME TABLE orders TO ledger"));
  take(queryEventBytes("BEGIN"), tableMap("ledger"), ROWS, commit());
  take(queryEventBytes("RENAME TABLE ledger TO orders"));
  take(queryEventBytes("BEGIN"), tableMap("orders"), ROWS, commit());
  expect(seen.filter((one) => !one.startsWith("ddl"))).toEqual(
    [ORDERS, LEDGER, ORDERS].flatMap((one) => [one, one]),
  );
});

test("rows of the ledger and of another table may alternate in a transaction", () => {
  take(queryEventBytes("BEGIN"), tableMap("orders", 1), tableMap("ledger", 2));
  take(rows(1), rows(2), rows(1), rows(1), rows(2), commit());
  expect(seen).toEqual([ORDERS, LEDGER, ORDERS, ORDERS, LEDGER].flatMap((one) => [one, one]));
});
