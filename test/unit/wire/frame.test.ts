import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeFrame, MalformedFrameError } from "../../../wire/decode-frame.ts";
import { encodeChange, encodeFrame, FRAME_VERSION, type FrameHeader } from "../../../wire/frame.ts";
import { formatPosition } from "../../../wire/position.ts";

const position = (row: number) => formatPosition({ epoch: 1, file: 1, offset: 4, row });
const header: FrameHeader = {
  frame: FRAME_VERSION,
  source: "shop",
  lane: 0,
  first: position(0),
  last: position(1),
  previous: null,
  server: "s",
  epoch: 1,
  transactions: [
    { gtid: null, file: "bin.000001", thread: 1, run: 1, serverId: 1, timestampMs: 1, author: 0 },
  ],
  tables: [["shop", "tab\tle\n"]],
  authors: [{ user: "app", host: "h", attribution: "ledger" }],
};

test("a frame is the same after encoding and decoding, whatever the row images contain", () => {
  const change = fc.record({
    op: fc.constantFrom("c", "u", "d", "t", "ddl"),
    transaction: fc.constant(0),
    table: fc.constant(0),
    offset: fc.nat(),
    row: fc.nat(),
    n: fc.nat(),
    key: fc.json({ stringUnit: "binary" }),
    oldKey: fc.constant(""),
    before: fc.json({ stringUnit: "binary" }),
    after: fc.json({ stringUnit: "binary" }),
  });
  fc.assert(
    fc.property(fc.array(change, { minLength: 1 }), (changes) => {
      const text = encodeFrame(header, changes.map((one) => encodeChange(one as never)).join("\n"));
      expect(decodeFrame(text)).toEqual({ ...header, changes });
    }),
  );
});

test("a frame may name the columns of its tables and the transactions that end in it", () => {
  const shape = { columns: [["id", "bigint unsigned", false]], key: ["id"] } as const;
  const typed: FrameHeader = {
    ...header,
    transactions: header.transactions.map((one) => ({ ...one, ended: true })),
    tables: [
      ["shop", "orders", shape],
      ["shop", "orders"],
    ],
  };
  expect(decodeFrame(encodeFrame(typed, line))).toMatchObject({ ...typed });
});

test("a frame may say how long its messages become, in whole bytes", () => {
  const sized: FrameHeader = { ...header, messageBytes: 1_036_000 };
  expect(decodeFrame(encodeFrame(sized, line)).messageBytes).toBe(1_036_000);
  for (const messageBytes of [0, -1, 1.5, "1", null]) {
    const text = `${JSON.stringify({ ...header, messageBytes })}\n${line}`;
    expect(() => decodeFrame(text)).toThrow(MalformedFrameError);
  }
});

const line = "c\t0\t0\t4\t0\t0\t{}\t\t\t{}";
const withTable = (table: unknown): string =>
  `${JSON.stringify({ ...header, tables: [table] })}\n${line}`;
const withTransaction = (fields: object): string =>
  `${JSON.stringify({ ...header, transactions: [{ ...header.transactions[0], ...fields }] })}\n${line}`;
test.each([
  ["nothing", ""],
  ["not JSON", "hello"],
  ["foreign JSON", '{"Records":[]}'],
  ["a later version", `${JSON.stringify({ ...header, frame: 2 })}\n${line}`],
  ["no changes", JSON.stringify(header)],
  ["an invalid position", `${JSON.stringify({ ...header, last: "x" })}\n${line}`],
  ["first after last", `${JSON.stringify({ ...header, first: position(2) })}\n${line}`],
  ["an unknown transaction", encodeFrame(header, line.replace("c\t0", "c\t7"))],
  ["an unknown table", encodeFrame(header, line.replace("c\t0\t0", "c\t0\t7"))],
  ["an unknown operation", encodeFrame(header, line.replace("c", "x"))],
  ["columns without a key", withTable(["shop", "orders", { columns: [["id", "int", false]] }])],
  [
    "a column that does not say whether it may be NULL",
    withTable(["shop", "orders", { columns: [["id", "int"]], key: [] }]),
  ],
  ["a table with a fourth member", withTable(["shop", "orders", { columns: [], key: [] }, 1])],
  ["a wrong value for a transaction that ends", withTransaction({ ended: false })],
  ["a line with too few fields", encodeFrame(header, "c\t0\t0")],
  ["a line with too few fields before another one", encodeFrame(header, `c\t0\t0\t4\n${line}`)],
  ["a line without row images", encodeFrame(header, `c\t0\t0\t4\t0\t0\t{}\t\n${line}`)],
  ["a line with too many fields", encodeFrame(header, `${line}\t{}`)],
  ["an empty line", encodeFrame(header, `${line}\n\n${line}`)],
  ["a line feed at the end", encodeFrame(header, `${line}\n`)],
  ["no number of an event's place", encodeFrame(header, line.replace("\t4", "\t"))],
  ["a negative number", encodeFrame(header, line.replace("\t4", "\t-4"))],
  ["a number that is not whole", encodeFrame(header, line.replace("\t4", "\t4.5"))],
  ["a number beyond 2^53", encodeFrame(header, line.replace("\t4", "\t9007199254740992"))],
])("refuses %s", (_, text) => {
  expect(() => decodeFrame(text)).toThrow(MalformedFrameError);
});
