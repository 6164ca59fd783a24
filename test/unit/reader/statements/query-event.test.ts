import { expect, test } from "vitest";
import { isBegin, QueryEvent, threadOf } from "../../../../reader/statements/query-event.ts";
import { readStatement } from "../../../../reader/statements/statement.ts";
import { queryEventBytes } from "../../../support/query-event.ts";

test("isBegin recognises the BEGIN of a transaction, and no other text", () => {
  for (const schema of ["", "shop"])
    expect(isBegin(queryEventBytes("BEGIN", { schema }))).toBe(true);
  for (const text of ["", "BEGI", "BEGIN ", " BEGIN", "BEGINS", "COMMIT", "BEGIN WORK"])
    expect(isBegin(queryEventBytes(text))).toBe(false);
});

test("readStatement and threadOf agree with isBegin and the parsed event", () => {
  const event = queryEventBytes("BEGIN");
  event.writeUInt32LE(77, 19);
  const query = QueryEvent.parse(event);
  expect(readStatement(query)).toEqual({ kind: "begin" });
  expect(threadOf(event)).toBe(query.thread);
});
