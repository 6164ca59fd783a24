import { beforeEach, describe, expect, test } from "vitest";
import { EventType } from "../../../../reader/binlog-format/events/event-types.ts";
import type { TransactionReader } from "../../../../reader/transactions/transaction-reader.ts";
import { recorded } from "../binlog-format/recorded-events.ts";
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

function withoutChecksum(event: Buffer): Buffer {
  const bytes = Buffer.from(event.subarray(0, -4));
  bytes.writeUInt32LE(bytes.length, 9);
  return bytes;
}

/** The offset in the file behind this statement, if it is the next event. */
function endBehind(sql: string): number {
  return end + queryEventBytes(sql).length;
}

describe("a statement that cannot be read", () => {
  test("of an unknown kind stops the reader with its position, its end, and the command to continue there", () => {
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

  test("is reported at the end of its transaction, after which reading can continue", () => {
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

  test("is skipped when it writes tables that are not followed", () => {
    statement("BEGIN");
    statement("UPDATE percona.checksums SET a = 1", { databases: ["percona"] });
    xid();
    statement("CREATE TABLE orders (a INT)");
    expect(changes).toEqual(["ddl orders"]);
    expect(boundaries).toBe(2);
  });
});

describe("TRUNCATE TABLE of a followed name", () => {
  test.each<QuerySession>([
    {},
    { databases: null, isThreadSpecific: true },
    { databases: ["shop"] },
  ])("is delivered: %j", (session) => {
    statement("TRUNCATE TABLE orders", session);
    expect(changes).toEqual(["t orders"]);
  });

  const OF_A_TEMPORARY: QuerySession = { databases: ["shop"], isThreadSpecific: true };

  test("stops the reader when it may concern a temporary table", () => {
    expect(() => statement("TRUNCATE TABLE orders", OF_A_TEMPORARY)).toThrow(
      expect.objectContaining({
        name: "UnreadableTransactionError",
        message: expect.stringContaining("or of a temporary one with the same name"),
      }),
    );
    expect(changes).toEqual([]);
  });

  test("is skipped when the name is not followed", () => {
    statement("TRUNCATE TABLE percona.t", OF_A_TEMPORARY);
    expect(boundaries).toBe(1);
  });
});

describe("a transaction that begins before the previous one has ended", () => {
  const NOT_ENDED = /begins before the previous one has ended/;

  test("stops the reader", () => {
    statement("BEGIN");
    expect(() => statement("BEGIN")).toThrow(NOT_ENDED);
  });

  test("stops the reader also when it is a statement about a table", () => {
    statement("BEGIN");
    expect(() => {
      take(withoutChecksum(recorded.GTID));
      statement("CREATE TABLE orders (a INT)");
    }).toThrow(NOT_ENDED);
    expect(changes).toEqual([]);
  });
});
