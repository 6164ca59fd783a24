import { describe, expect, test } from "vitest";
import { authorSize } from "../../../../reader/frames/envelope-size.ts";
import { InFlightFrames } from "../../../../reader/frames/in-flight-frames.ts";
import { FrameParts, OpenFrame } from "../../../../reader/frames/open-frame.ts";
import type { RowChange, Transaction } from "../../../../reader/transactions/transaction.ts";
import { RowTexts } from "../../../../reader/binlog-format/rows/row-texts.ts";
import { changeWriter } from "../../../../wire/change-text.ts";
import { decodeFrame } from "../../../../wire/decode-frame.ts";

const AUTHOR = { user: "app_production", host: "10.0.17.4", attribution: "ledger" } as const;

const transaction = (n: number, fields: Partial<Transaction> = {}): Transaction => ({
  gtid: `3e11fa47-71ca-11e1-9e33-c80aa9429562:${n}`,
  file: "mysql-bin.000123",
  fileNumber: 123,
  start: 100 * n,
  thread: 90_123,
  run: 1,
  serverId: 1_234_567,
  committedUs: 1_700_000_000_000_000,
  ...fields,
});

const inserted = {
  after: '{"id":123456,"title":"Zoë Orlando","state":"new"}',
  key: '{"id":123456}',
};
const updated = { ...inserted, before: '{"id":123456,"title":"Middlemarch","state":"new"}' };
const deleted = { key: inserted.key, before: inserted.after };

/** How long a frame expects its messages to be, in relation to how long they are. */
function expectation(changesEach: number, fields: Partial<Transaction>, row: Partial<RowChange>) {
  const frame = new OpenFrame(new InFlightFrames().open(), new FrameParts(), authorSize([AUTHOR]));
  const place = { op: "c", database: "bookshop", table: "orders", offset: 12_345_678 } as const;
  for (let start = 0; start < 1000; start += changesEach) {
    const its = transaction(start, fields);
    for (let n = 0; n < changesEach; n++) {
      frame.add(1, its, { ...place, row: n, n, texts: RowTexts.of(inserted), ...row });
    }
  }
  const server = "5441fac8-0000-0000-0000-000000000001";
  const binlog = { source: "shop", epoch: 1, life: "l", server };
  const authors = Array.from({ length: frame.transactions.length }, () => AUTHOR);
  const { bytes } = frame.seal(binlog, { lane: 0, previous: null }, authors);
  const { changes, ...header } = decodeFrame(bytes.toString());
  const write = changeWriter(header);
  const size = changes.reduce((sum, one) => sum + Buffer.byteLength(write(one, AUTHOR)) + 1, 0);
  return frame.messageBytes / size;
}

describe("a frame's messages are not longer than expected, and hardly shorter", () => {
  test.each<[string, number, Partial<Transaction>, Partial<RowChange>]>([
    ["inserts", 200, {}, {}],
    ["updates", 200, {}, { op: "u", texts: RowTexts.of(updated) }],
    ["deletes", 200, {}, { op: "d", texts: RowTexts.of(deleted) }],
    ["one-row transactions", 1, {}, {}],
    [
      "tagged transactions",
      1,
      { gtidPrefix: "3e11fa47-71ca-11e1-9e33-c80aa9429562:app:", gtidNumber: 9 },
      {},
    ],
    ["no GTIDs", 10, { gtid: null }, {}],
  ])("%s", (_name, changesEach, fields, row) => {
    const share = expectation(changesEach, fields, row);
    expect(share).toBeGreaterThanOrEqual(1);
    expect(share).toBeLessThan(1.02);
  });
});
