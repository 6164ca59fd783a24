import { expect, test } from "vitest";
import { UnreadableBinlogError } from "../../../../reader/reporting/errors.ts";
import { EventType } from "../../../../reader/binlog-format/events/event-types.ts";
import { StreamTap } from "../../../../reader/snapshot/stream-tap.ts";
import type { StreamPosition } from "../../../../reader/snapshot/stream-position.ts";
import { ChunkReader } from "../../../../reader/snapshot/chunk-reader.ts";
import type { TransactionReader } from "../../../../reader/transactions/transaction-reader.ts";
import { queryEventBytes } from "../../../support/query-event.ts";
import { transactionReaderOf } from "../../../support/transaction-reader.ts";

// An event that the reader cannot read ends the attempt, but a snapshot may still begin to read a
// table meanwhile. Rows that it handed over behind the event would be delivered before the event's
// changes, which the next attempt would then take for repeats.

const FILE = "bin.000007";

let end = 4;

function take(reader: TransactionReader, event: Buffer): void {
  end += event.length;
  event.writeUInt32LE(event.length, 9);
  event.writeUInt32LE(end, 13);
  void reader.onEvent(event);
}

/** The server's first event of a dump. */
function entersFile(reader: TransactionReader): void {
  const event = Buffer.concat([Buffer.alloc(19 + 8), Buffer.from(FILE)]);
  event.writeUInt8(EventType.ROTATE_EVENT, 4);
  event.writeBigUInt64LE(4n, 19);
  void reader.onEvent(event);
  end = 4;
}

const never = (): never => {
  throw new Error("no query is expected");
};

/** A reader of a table that notes the boundaries that it was told. */
class Told extends ChunkReader {
  readonly boundaries: number[] = [];

  constructor() {
    const source = { untilVisible: never, select: never, end: never, isInRange: never };
    const options = { asksAgain: false, partRows: 1, partBytes: 1, heldKeys: 1 };
    super({ ...source, areInRange: never }, options, never);
  }

  override passes(position: StreamPosition): void {
    this.boundaries.push(position.offset);
  }
}

test.each([
  ["an incident", EventType.INCIDENT_EVENT],
  ["rows outside a transaction", EventType.WRITE_ROWS_EVENT],
  ["a GTID event without a GTID", EventType.GTID_LOG_EVENT],
])("no snapshot begins behind an event that was not read: %s", (_, type) => {
  const sink = {
    change: () => undefined,
    prepared: () => undefined,
    boundary: () => undefined,
    relief: () => null,
  };
  const tap = new StreamTap(sink, "");
  const reader = transactionReaderOf(["shop.*"], tap);
  entersFile(reader);
  take(reader, queryEventBytes("BEGIN"));
  take(reader, queryEventBytes("COMMIT"));
  void tap.at(reader);
  const before = new Told();
  tap.watch({ database: "shop", table: "orders" }, before);
  expect(before.boundaries).toEqual([end]);

  const event = Buffer.alloc(19 + 1);
  event.writeUInt8(type, 4);
  expect(() => take(reader, event)).toThrow(UnreadableBinlogError);
  const after = new Told();
  tap.watch({ database: "shop", table: "orders" }, after);
  expect(after.boundaries).toEqual([]);
});
