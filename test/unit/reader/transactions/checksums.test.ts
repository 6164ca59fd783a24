import { crc32 } from "node:zlib";
import { expect, test } from "vitest";
import { UnreadableBinlogError } from "../../../../reader/reporting/errors.ts";
import type { ChangeSink } from "../../../../reader/transactions/transaction.ts";
import type { TransactionReader } from "../../../../reader/transactions/transaction-reader.ts";
import { queryEventBytes } from "../../../support/query-event.ts";
import { transactionReaderOf } from "../../../support/transaction-reader.ts";
import { recorded } from "../binlog-format/recorded-events.ts";

const { FORMAT_DESCRIPTION, GTID, TABLE_MAP, WRITE_ROWS } = recorded;
const BEGIN = withChecksum(queryEventBytes("BEGIN"));

function withChecksum(event: Buffer): Buffer {
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32LE(crc32(event));
  return Buffer.concat([event, checksum]);
}

/** The event with one wrong bit behind its header. */
function damaged(event: Buffer): Buffer {
  const copy = Buffer.from(event);
  copy[30] = (copy[30] ?? 0) ^ 0x10;
  return copy;
}

let rows: string[];

function readerOf(checksums: boolean): TransactionReader {
  rows = [];
  const change: ChangeSink["change"] = (_, { texts }) => rows.push(texts.after);
  return transactionReaderOf(["shop.*"], { change }, { checksums });
}

function take(reader: TransactionReader, events: readonly Buffer[], isVerified: boolean): void {
  for (const event of events) void reader.onEvent(Buffer.from(event), 0, event.length, isVerified);
}

test.each([false, true])(
  "reads an event with a checksum that was verified before: %s",
  (isVerified) => {
    const reader = readerOf(true);
    take(reader, [GTID, BEGIN, TABLE_MAP, WRITE_ROWS], isVerified);
    expect(rows).toHaveLength(2);
  },
);

test("refuses an event whose checksum is wrong and was not verified before", () => {
  const reader = readerOf(true);
  take(reader, [GTID, BEGIN, TABLE_MAP], true);
  expect(() => take(reader, [damaged(WRITE_ROWS)], false)).toThrow("does not match");
  expect(rows).toEqual([]);
});

test("without checksums, the last bytes belong to an event even if they are its checksum", () => {
  const reader = readerOf(false);
  take(
    reader,
    [GTID, BEGIN, TABLE_MAP].map((event) => event.subarray(0, -4)),
    false,
  );
  expect(() => take(reader, [WRITE_ROWS], true)).toThrow(UnreadableBinlogError);
});

test("a format description is verified, and events behind it as it says", () => {
  const reader = readerOf(false);
  expect(() => take(reader, [damaged(FORMAT_DESCRIPTION)], true)).toThrow("does not match");
  take(reader, [FORMAT_DESCRIPTION], false);
  expect(() => take(reader, [damaged(GTID)], false)).toThrow("does not match");
});

test("a format description whose algorithm has a flipped bit does not end the verifying", () => {
  const reader = readerOf(true);
  const flipped = Buffer.from(FORMAT_DESCRIPTION);
  flipped[flipped.length - 5] = 0;
  expect(() => take(reader, [flipped], false)).toThrow(UnreadableBinlogError);
});
