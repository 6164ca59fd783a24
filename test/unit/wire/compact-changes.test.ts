import { describe, expect, test } from "vitest";
import { InvalidMessageError, UnsupportedMessageVersionError } from "../../../client/errors.ts";
import { decodeMessage } from "../../../wire/message.ts";
import { change, message } from "../../support/client/messages.ts";

const GTID = "5441fac8-0000-4000-8000-000000000001:4";
const FIRST = change(4);
const ROW = { id: "/1", op: "c", after: { id: 5 }, key: { id: 5 }, source: { row: 1 } };

/** The changes that the library reads from a message of version 3 with these. */
function read(...changes: readonly unknown[]) {
  const text = JSON.stringify({ ...message([4, 9]), version: 3, changes });
  return decodeMessage(text).changes;
}

function without(value: object, member: string): object {
  return Object.fromEntries(Object.entries(value).filter(([name]) => name !== member));
}

describe("a message of version 3", () => {
  test("is read as one of version 1, with the fields that a version may add", () => {
    const text = JSON.stringify({ ...message([4]), version: 3, shard: 7 });
    expect(decodeMessage(text)).toEqual({ ...message([4]), shard: 7 });
  });

  test("has in each change what it leaves out of the change before", () => {
    const { source } = FIRST;
    const later = { pos: 90, row: 0, gtid: `${GTID}0`, ts_ms: 1 };
    const [, second, third, fourth] = read(
      FIRST,
      ROW,
      { id: "/0", op: "d", before: { id: 5 }, user: "other", source: later },
      { ...ROW, source: {} },
    );
    expect(second).toEqual({ ...FIRST, ...ROW, id: `${GTID}/1`, source: { ...source, row: 1 } });
    const ofOther = { user: "other", source: { ...source, ...later } };
    expect(third).toEqual({
      ...FIRST,
      id: `${GTID}0/0`,
      op: "d",
      before: { id: 5 },
      after: null,
      key: null,
      ...ofOther,
    });
    expect(fourth).toEqual({ ...FIRST, ...ROW, id: `${GTID}0/1`, ...ofOther });
  });

  test("has statements, and rows of a snapshot with whole ids, where version 1 has them", () => {
    const noGtid = { ...FIRST.source, gtid: null };
    const snapshot = { id: "s", table: "shop.orders", chunk: 1 };
    const changes = read(
      { ...ROW, ...FIRST, op: "ddl", after: null, key: null, statement: "DROP TABLE x" },
      { id: "snapshot/s/shop.orders/x", op: "r", after: {}, snapshot, source: noGtid },
    );
    expect(changes.map((each) => Object.keys(each).join())).toEqual([
      "id,op,before,after,key,statement,user,host,attribution,source",
      "id,op,before,after,key,snapshot,user,host,attribution,source",
    ]);
    expect(changes[1]).toMatchObject({ id: "snapshot/s/shop.orders/x", key: null, snapshot });
  });

  test("keeps numbers that JavaScript would round", () => {
    const text = JSON.stringify({ ...message([4]), version: 3, changes: [FIRST, ROW] });
    const [, row] = decodeMessage(text.replace('{"id":5}', '{"id":9223372036854775809}')).changes;
    expect(row?.after).toEqual({ id: 9223372036854775809n });
  });

  test.each([
    ["no change", []],
    ...["user", "host", "attribution"].map((member) => [
      `a first change without ${member}`,
      [without(FIRST, member)],
    ]),
    ...Object.keys(FIRST.source).map((member) => [
      `a first change without ${member}`,
      [{ ...FIRST, source: without(FIRST.source, member) }],
    ]),
    ["a change that is none", [FIRST, null]],
    ["a change without an id", [FIRST, { ...ROW, id: undefined }]],
    ["a change without an op", [FIRST, { ...ROW, op: undefined }]],
    ["a change without a source", [FIRST, { ...ROW, source: undefined }]],
    ["a row that is no number", [FIRST, { ...ROW, source: { row: "secret" } }]],
    ["an id that continues no GTID", [FIRST, { ...ROW, source: { gtid: null } }]],
    ["an id that continues a number", [FIRST, { ...ROW, source: { gtid: 5 } }]],
  ] as [string, unknown[]][])("is refused with %s, without quoting it", (_what, changes) => {
    expect(() => read(...changes)).toThrow(InvalidMessageError);
    expect(() => read(...changes)).toThrow(/^a field is missing or has the wrong type$/);
  });

  test.each([0, 1.5, 2, 4, "3"])("is not one of version %s", (version) => {
    const text = JSON.stringify({ ...message([4]), version });
    const isLater = version === 2 || version === 4;
    expect(() => decodeMessage(text)).toThrow(
      isLater ? UnsupportedMessageVersionError : InvalidMessageError,
    );
  });
});
