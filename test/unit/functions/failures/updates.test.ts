import { describe, expect, test } from "vitest";
import type { Postponement, StreamState } from "../../../../functions/failures/parked.ts";
import {
  failureUpdate,
  progressUpdate,
  recordPut,
  resolveUpdate,
} from "../../../../functions/failures/record-updates.ts";
import { text } from "../../../../wire/attributes.ts";
import { recordsAfter } from "../../../../functions/failures/records-after.ts";
import {
  advanceUpdate,
  claimUpdate,
  closeUpdate,
  openUpdate,
  postponeUpdate,
  tailUpdate,
} from "../../../../functions/failures/state-updates.ts";
import { queueStream } from "../../../../functions/failures/stream.ts";
import { parkedRecord } from "../../../support/functions/parked-record.ts";

const STREAM = queueStream(3, "shop-billing-production.fifo");
const TROUBLE = { reason: "throttled", error: "ThrottlingException: ".padEnd(600, "x") } as const;
const NOW = 1_000_000;
const END = { position: "9", life: null };
const NAMED = { position: "000007.9", life: "a" };
const DAY_SECONDS = 24 * 60 * 60;

const state: StreamState = {
  stream: STREAM,
  status: "open",
  isAsked: false,
  head: "1",
  tail: "9",
  life: null,
  drained: "",
  attempts: 0,
  begun: 1,
  nextAttemptAt: 4711,
  openedAt: 0,
  lastFailureAt: 0,
  trouble: TROUBLE,
};
const record = parkedRecord({ stream: STREAM, key: "1/2", trouble: TROUBLE, attempts: 4 });
const next: Postponement = {
  drained: "1/2",
  attempts: 1,
  nextAttemptAt: NOW + 10,
  dead: false,
  trouble: null,
};

const opened = (head: string | null) =>
  openUpdate(STREAM, { head, tail: END, twin: null }, TROUBLE, { now: NOW, firstDelayMs: 500 });
const failed = (nextAttemptAt: number | null, ...sent: string[]) =>
  failureUpdate(record, { trouble: TROUBLE, sent: new Set(sent), nextAttemptAt }, NOW);

describe("a write to the failures table", () => {
  const writes = {
    "that opens a stream": opened("1"),
    "that opens a stream without an order": opened(null),
    "that opens a stream of a named life": openUpdate(
      STREAM,
      { head: "1", tail: NAMED, twin: null },
      TROUBLE,
      { now: NOW, firstDelayMs: 500 },
    ),
    "that opens a stream behind a twin life": openUpdate(
      STREAM,
      { head: "1", tail: NAMED, twin: "000007.8" },
      TROUBLE,
      { now: NOW, firstDelayMs: 500 },
    ),
    "that moves a tail": tailUpdate(STREAM, END),
    "that moves a tail of a named life": tailUpdate(STREAM, NAMED),
    "that claims a stream": claimUpdate(STREAM, NOW, NOW + 60),
    "that postpones a stream": postponeUpdate(state, next, NOW),
    "that postpones a stream in trouble": postponeUpdate(state, { ...next, trouble: TROUBLE }, NOW),
    "that notes a stream's advance": advanceUpdate(state, "1/2"),
    "that closes a stream": closeUpdate(state, "1/2", NOW),
    "that closes a stream of a named life": closeUpdate({ ...state, life: "a" }, "1/2/a", NOW),
    "of a new record": recordPut({}, false),
    "of a record that replaces another": recordPut({}, true),
    "of a record that replaces another of its share": recordPut({ share: text("a") }, true),
    "that notes a failure": failed(NOW + 10),
    "that notes a failure and the sent messages": failed(NOW + 10, "id"),
    "that notes a record's progress": progressUpdate({ ...record, progress: 500 }),
    "that notes progress and the sent messages": progressUpdate({ ...record, sent: new Set("a") }),
    "that gives a record up": failed(null),
    "that resolves a record": resolveUpdate(STREAM, "1/2", NOW),
  };

  // DynamoDB refuses a request whose names and values are not exactly those of its expressions.
  test.for(Object.entries(writes))(
    "%s has exactly the names and values that its expressions use",
    ([, write]) => {
      const update = "UpdateExpression" in write ? (write.UpdateExpression ?? "") : "";
      const used = `${update} ${write.ConditionExpression}`.match(/[#:]\w+/g) ?? [];
      const given = [
        ...Object.keys(write.ExpressionAttributeNames ?? {}),
        ...Object.keys(write.ExpressionAttributeValues ?? {}),
      ];
      expect(given.sort()).toEqual([...new Set(used)].sort());
    },
  );
});

describe("a stream", () => {
  test("is due for the first time after its first pause", () => {
    expect(opened("1").ExpressionAttributeValues).toMatchObject({ ":next": { N: "1000500" } });
  });

  test("keeps the beginning of an error's text", () => {
    const { ":error": error } = opened("1").ExpressionAttributeValues ?? {};
    expect(error?.S).toBe(TROUBLE.error.slice(0, 500));
  });

  test("is postponed only by the invocation that claimed it", () => {
    const write = postponeUpdate(state, next, NOW);
    expect(write.ConditionExpression).toBe("#status = :open AND nextAttempt = :claimed");
    expect(write.ExpressionAttributeValues).toMatchObject({ ":claimed": { N: "4711" } });
  });

  test("that is given up is found by the status dead", () => {
    const write = postponeUpdate(state, { ...next, dead: true }, NOW);
    expect(write.UpdateExpression).toContain("#status = :status, due = :status");
    expect(write.ExpressionAttributeValues).toMatchObject({ ":status": { S: "dead" } });
  });

  test("keeps its last trouble when it is postponed for another reason", () => {
    expect(postponeUpdate(state, next, NOW).UpdateExpression).not.toContain("reason");
  });

  test("closes at the last drained position, and is kept for 30 days", () => {
    const write = closeUpdate(state, "1/2", NOW);
    expect(write.UpdateExpression).toContain("REMOVE due, nextAttempt, attempts");
    expect(write.ExpressionAttributeValues).toMatchObject({
      ":tail": { S: "2" },
      ":expires": { N: String(NOW / 1000 + 30 * DAY_SECONDS) },
    });
  });
});

describe("a record", () => {
  test("is replaced only while it is parked and was not attempted", () => {
    expect(recordPut({}, false).ConditionExpression).toBe("attribute_not_exists(#stream)");
    expect(recordPut({}, true).ConditionExpression).toBe(
      "attribute_not_exists(#stream) OR (#status = :parked AND attribute_not_exists(attempts))",
    );
  });

  test("is replaced only by one of the same share, or where the share is not known", () => {
    expect(recordPut({ share: text("a") }, true).ConditionExpression).toContain(
      "attribute_not_exists(attempts) AND (attribute_not_exists(#share) OR #share = :share)",
    );
  });

  test("has no next attempt when it is given up", () => {
    expect(failed(null).UpdateExpression).toContain("REMOVE nextAttempt");
    expect(failed(NOW + 10).UpdateExpression).toContain("nextAttempt = :next");
  });

  test("counts its attempts and collects the sent messages", () => {
    expect(failed(null, "a", "b").ExpressionAttributeValues).toMatchObject({
      ":attempts": { N: "5" },
      ":sent": { SS: ["a", "b"] },
    });
  });
});

test("a query for the records after a key leaves out the state item", () => {
  const positions = ["0001/0002", "0003/0003", "0003/0004", "0005/0009", "~state"];
  const after = (key: string) => {
    const values = recordsAfter(STREAM, key).ExpressionAttributeValues ?? {};
    const [from = "", to = ""] = [values[":after"]?.S, values[":records"]?.S];
    return positions.filter((position) => position >= from && position <= to);
  };
  expect(after("")).toEqual(positions.slice(0, 4));
  expect(after("0001/0002")).toEqual(positions.slice(1, 4));
  expect(after("0003/0003")).toEqual(positions.slice(2, 4));
  expect(after("0005/0009")).toEqual([]);
});
