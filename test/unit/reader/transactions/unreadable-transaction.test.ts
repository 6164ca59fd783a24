import { beforeEach, describe, expect, test } from "vitest";
import { EventType } from "../../../../reader/binlog-format/events/event-types.ts";
import type { TransactionReader } from "../../../../reader/transactions/transaction-reader.ts";
import { queryEventBytes, type QuerySession } from "../../../support/query-event.ts";
import { transactionReaderOf } from "../../../support/transaction-reader.ts";

const FILE = "mysql-bin.000007";
const HEADER_LENGTH = 19;

let changes: string[];
let boundaries: number;
let reader: TransactionReader;
let end: number;

beforeEach(() => {
  changes = [];
  boundaries = 0;
  end = 4;
  reader = transactionReaderOf(["shop.*"], {
    change: (_, { op, table }) => changes.push(`${op} ${table}`),
    boundary: () => boundaries++,
  });
  const rotate = Buffer.concat([Buffer.alloc(HEADER_LENGTH + 8), Buffer.from(FILE)]);
  rotate.writeUInt8(EventType.ROTATE_EVENT, 4);
  rotate.writeUInt32LE(rotate.length, 9);
  rotate.writeBigUInt64LE(BigInt(end), HEADER_LENGTH);
  void reader.onEvent(rotate);
});

function take(event: Buffer): void {
  end += event.length;
  event.writeUInt32LE(end, 13);
  void reader.onEvent(event);
}

function statement(sql: string, session?: QuerySession): void {
  take(queryEventBytes(sql, session));
}

function xid(): void {
  const event = Buffer.alloc(HEADER_LENGTH + 8);
  event.writeUInt8(EventType.XID_EVENT, 4);
  event.writeUInt32LE(event.length, 9);
  take(event);
}

/** Where the file ends with an event more. */
function endBehind(sql: string): number {
  return end + queryEventBytes(sql).length;
}

describe("a statement that cannot be read", () => {
  test("of an unknown kind stops with its place, the place behind it, and the command that goes on there", () => {
    const behind = endBehind("FROBNICATE TABLE orders");
    expect(() => statement("FROBNICATE TABLE orders")).toThrow(
      expect.objectContaining({
        name: "UnreadableTransactionError",
        offset: 4,
        end: behind,
        message: expect.stringMatching(
          new RegExp(
            `^${FILE}:4: .*begins with FROBNICATE.*offsets -- set --file ${FILE}:${behind}\``,
          ),
        ),
      }),
    );
    expect(boundaries).toBe(0);
  });

  test("is told at the end of its transaction, behind which reading can go on", () => {
    statement("BEGIN");
    const offset = end;
    statement("UPDATE orders SET a = 1");
    statement("CREATE TABLE never_delivered (a INT)");
    const behind = end + HEADER_LENGTH + 8;
    expect(() => xid()).toThrow(
      expect.objectContaining({
        offset,
        end: behind,
        message: expect.stringContaining("(UPDATE)"),
      }),
    );
    expect(changes).toEqual([]);
    expect(boundaries).toBe(0);
  });

  test("passes where it writes what is not followed", () => {
    statement("BEGIN");
    statement("UPDATE percona.checksums SET a = 1", { databases: ["percona"] });
    xid();
    statement("CREATE TABLE orders (a INT)");
    expect(changes).toEqual(["ddl orders"]);
    expect(boundaries).toBe(2);
  });
});

test("a transaction that begins before the one before it has ended stops the reader", () => {
  statement("BEGIN");
  expect(() => statement("BEGIN")).toThrow(/begins before the one before it has ended/);
});
