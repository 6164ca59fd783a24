import { expect, test } from "vitest";
import {
  CorruptEventError,
  MissingRowMetadataError,
  UnsupportedEventError,
  UnsupportedTableError,
} from "../../../../reader/binlog-format/errors.ts";
import { UnreadableBinlogError } from "../../../../reader/reporting/errors.ts";
import { unreadableBinlog } from "../../../../reader/transactions/unreadable-binlog.ts";

const AT = { file: "mysql-bin.000007", offset: 4 };

test.each([
  [
    new UnsupportedTableError("shop", "orders", "a column has the unknown type 99"),
    /^mysql-bin\.000007:4: shop\.orders cannot be read: a column has the unknown type 99\. .*release.*"!shop\.orders" in source\.tables/,
  ],
  [new UnsupportedEventError("event type 99 is not a rows event"), /release of binlog-router/],
  [new MissingRowMetadataError("shop", "orders"), /binlog_row_metadata = 'FULL'/],
  [new CorruptEventError("a field is too long"), /Restart the reader/],
])("a decoder's error gets its position and the remedy that helps: %s", (error, message) => {
  const told = unreadableBinlog(error, AT);
  expect(told).toBeInstanceOf(UnreadableBinlogError);
  expect(told).toMatchObject({ ...AT, message: expect.stringMatching(message) as string });
  expect(String(told)).not.toContain("binlog_format");
});

test("an error of another kind stays as it is", () => {
  const error = new TypeError("undefined is not a function");
  expect(unreadableBinlog(error, AT)).toBe(error);
});
