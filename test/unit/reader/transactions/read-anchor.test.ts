import { expect, test } from "vitest";
import { GtidEvent } from "../../../../reader/binlog-format/events/gtid-event.ts";
import { ReadAnchor } from "../../../../reader/transactions/read-anchor.ts";

const FILE = "bin.000001";
const saved = { file: FILE, start: 4, begunS: 5, gtid: "a:1", committedUs: 6 };

test("has the GTID and the place of the last transaction", () => {
  const anchor = new ReadAnchor();
  const gtid = new GtidEvent();
  expect(anchor.kept()).toEqual({ file: "", start: 0, begunS: null, gtid: null, committedUs: 0 });
  anchor.isTransaction(FILE, 100, gtid.set("uuid:br_a:", 7, "br_a", 1, 2));
  expect(anchor.gtid).toBe("uuid:br_a:7");
  anchor.isTransaction(FILE, 200, gtid.set("uuid:", 2n ** 60n, undefined, 3, 4));
  const begunS = null;
  expect(anchor.kept()).toEqual({
    file: FILE,
    start: 200,
    begunS,
    gtid: `uuid:${2n ** 60n}`,
    committedUs: 4,
  });
  anchor.isTransaction(FILE, 300, gtid.set(null, 0, undefined, 5, 6));
  expect(anchor.kept()).toEqual({ file: FILE, start: 300, begunS, gtid: null, committedUs: 6 });
});

test("keeps the transaction when a file begins", () => {
  const anchor = new ReadAnchor();
  anchor.isTransaction(FILE, 100, new GtidEvent().set("uuid:", 7, undefined, 1, 2));
  anchor.isFile("bin.000002", 4, 9);
  expect(anchor.kept()).toEqual({
    file: "bin.000002",
    start: 4,
    begunS: 9,
    gtid: "uuid:7",
    committedUs: 2,
  });
});

test("a transaction says nothing of the file before it, nor of a GTID that was one text", () => {
  const anchor = new ReadAnchor();
  anchor.copy(saved);
  const gtid = new GtidEvent();
  anchor.isTransaction(FILE, 100, gtid.set(null, 0, undefined, 1, 2));
  const place = { file: FILE, start: 100, begunS: null, committedUs: 2 };
  expect(anchor.kept()).toEqual({ ...place, gtid: null });
  anchor.isFile("bin.000002", 4, 9);
  anchor.isTransaction(FILE, 100, gtid.set("uuid:", 8, undefined, 1, 2));
  expect(anchor.kept()).toEqual({ ...place, gtid: "uuid:8" });
});

test("a copy says nothing of what it was before, nor of what the original becomes", () => {
  const anchor = new ReadAnchor();
  const copy = new ReadAnchor();
  const gtid = new GtidEvent();
  anchor.isTransaction(FILE, 100, gtid.set("uuid:", 7, undefined, 1, 2));
  copy.copy(anchor);
  anchor.isTransaction(FILE, 200, gtid.set("uuid:", 8, undefined, 1, 3));
  expect(copy).toMatchObject({ start: 100, gtid: "uuid:7", committedUs: 2 });
  copy.copy(saved);
  expect(copy.kept()).toEqual(saved);
  const twice = new ReadAnchor();
  twice.copy(copy);
  expect(twice.kept()).toEqual(saved);
  copy.copy(anchor);
  expect(copy).toMatchObject({ begunS: null, gtid: "uuid:8" });
});
