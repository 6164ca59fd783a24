import { describe, expect, test } from "vitest";
import { FORMATS, isMessagePerChange, type Format } from "../../../../wire/formats/formats.ts";
import { subFrame } from "../../../../functions/frame/sub-frame.ts";
import { readFrame } from "../../../../functions/frame/read-frame.ts";
import type { OutgoingMessage } from "../../../../functions/message/outgoing-message.ts";
import type { FrameHeader } from "../../../../wire/frame.ts";
import { SOURCE, TestLane, type TestChange } from "../../../support/functions/frames.ts";
import { messagesIn } from "../../../support/functions/messages-in.ts";
import { sharesOf } from "../../../support/functions/shares-of.ts";

type GroupBy = "table" | "key" | "source";

/** The columns and key of the test's table; `type` is the type of its column `text`. */
const shapeWith = (type: string) => ({
  columns: [
    ["id", "int", false],
    ["n", "bigint", true],
    ["text", type, true],
  ],
  key: ["id"],
});
const NOW = 1_795_190_009_000;

/** A frame of one transaction; the options say whether it ends there, and has columns. */
function transactionFrame(
  changes: readonly TestChange[],
  {
    ended,
    columns,
    type = "varchar(10)",
  }: { readonly ended: boolean; readonly columns: boolean; readonly type?: string },
): string {
  const [head = "", ...lines] = new TestLane().frame(changes).split("\n");
  const header = JSON.parse(head) as FrameHeader;
  const typed = {
    ...header,
    transactions: header.transactions.map((one) => ({ ...one, ...(ended && { ended }) })),
    tables: header.tables.map((table) => (columns ? [...table, shapeWith(type)] : table)),
  };
  const joined = lines.map((line, n) => {
    const fields = line.split("\t");
    return [fields[0], 0, ...fields.slice(2, 5), n, ...fields.slice(6)].join("\t");
  });
  return [JSON.stringify(typed), ...joined].join("\n");
}

function messagesOf(
  format: Format,
  changes: readonly TestChange[],
  options: {
    groupBy?: GroupBy;
    ended?: boolean;
    columns?: boolean;
    tables?: string[];
    type?: string;
  } = {},
): readonly OutgoingMessage[] {
  const {
    groupBy = "table",
    ended = true,
    columns = true,
    tables = ["shop.*"],
    type = "varchar(10)",
  } = options;
  const frame = readFrame(transactionFrame(changes, { ended, columns, type }), SOURCE);
  const routing = {
    environments: { production: { users: ["app_prod"] } },
    subscribers: { billing: { tables, groupBy, format } },
  };
  return messagesIn(sharesOf(frame, routing, { nowMs: NOW }));
}

const bodies = (messages: readonly OutgoingMessage[]) =>
  messages.map(({ body }) => JSON.parse(String(body)) as Record<string, unknown>);

describe("changes for a subscriber with another format", () => {
  const foreign = (Object.keys(FORMATS) as Format[]).filter(isMessagePerChange);
  test.each(foreign)("are a %s message each, in order and with ids of their own", (format) => {
    const messages = messagesOf(format, [{}, { op: "u" }, { op: "d" }]);
    expect(messages).toHaveLength(3);
    expect(messages.map(({ first }) => first)).toEqual(messages.map(({ last }) => last));
    expect(messages.map(({ first }) => first)).toEqual(messages.map(({ first }) => first).sort());
    expect(new Set(messages.map(({ deduplicationId }) => deduplicationId)).size).toBe(3);
    expect(messages).toEqual(messagesOf(format, [{}, { op: "u" }, { op: "d" }]));
    for (const body of bodies(messages)) {
      expect(body).toMatchObject({ user: "app_prod", environment: "production" });
    }
  });

  test("contain the time of writing in canal's format", () => {
    expect(bodies(messagesOf("canal", [{}]))).toMatchObject([{ type: "INSERT", ts: NOW }]);
  });

  test("of a changed key are Debezium's delete and create, in one group or in two", () => {
    const change: TestChange = { op: "u", id: 8, oldId: 7 };
    for (const [groupBy, groups] of [["table", 1] as const, ["key", 2] as const]) {
      const messages = messagesOf("debezium", [change], { groupBy });
      expect(bodies(messages)).toMatchObject([
        { op: "d", before: { id: 7 }, after: null },
        { op: "c", before: null, after: { id: 8 } },
      ]);
      expect(new Set(messages.map(({ group }) => group)).size).toBe(groups);
      expect(new Set(messages.map(({ deduplicationId }) => deduplicationId)).size).toBe(2);
    }
  });

  test("of a changed key are one update for Maxwell and canal, unless groups are keys", () => {
    const change: TestChange = { op: "u", id: 8, oldId: 7 };
    expect(bodies(messagesOf("maxwell", [change]))).toMatchObject([
      { type: "update", old: { id: 7 }, data: { id: 8 } },
    ]);
    expect(bodies(messagesOf("canal", [change]))).toMatchObject([
      { type: "UPDATE", old: [{ id: "7" }], data: [{ id: "8" }] },
    ]);
    expect(bodies(messagesOf("canal", [change], { groupBy: "key" }))).toMatchObject([
      { type: "DELETE", data: [{ id: "7" }] },
      { type: "INSERT", data: [{ id: "8" }] },
    ]);
  });

  test("are not sent when the tool leaves them out", () => {
    expect(messagesOf("maxwell", [{ op: "t" }, { op: "ddl" }])).toEqual([]);
    expect(bodies(messagesOf("debezium", [{ op: "t" }, { op: "ddl" }]))).toMatchObject([
      { op: "t" },
    ]);
  });

  test("escape the two characters that SQS refuses", () => {
    const [message] = messagesOf("maxwell", [{ text: "a\uFFFEb" }]);
    expect(message?.body).toContain(String.raw`a\ufffeb`);
  });

  test("are envelopes in the same place when the frame does not name their columns", () => {
    const messages = messagesOf("debezium", [{}, { op: "t" }], { columns: false });
    expect(bodies(messages)).toMatchObject([{ version: 1, changes: [{ op: "c" }] }, { op: "t" }]);
    const halves = messagesOf("debezium", [{ op: "u", id: 8, oldId: 7 }], { columns: false });
    expect(bodies(halves)).toMatchObject([{ changes: [{ op: "d" }] }, { changes: [{ op: "c" }] }]);
    expect(new Set(halves.map(({ deduplicationId }) => deduplicationId)).size).toBe(2);
  });

  test("are envelopes when the format cannot express them, and do not block the queue", () => {
    const change = { table: "shop.places", text: "no geometry" };
    expect(bodies(messagesOf("maxwell", [{}, change], { type: "point" }))).toMatchObject([
      { type: "insert" },
      { version: 1, changes: [{ op: "c", after: { text: "no geometry" } }] },
    ]);
  });
});

test("the parked part of a frame keeps the columns and the ends of its transactions", () => {
  const frame = readFrame(transactionFrame([{}, {}], { ended: true, columns: true }), SOURCE);
  const parked = readFrame(subFrame(frame, frame.changes.slice(1)), SOURCE);
  expect(parked.tables).toEqual([["shop", "orders", shapeWith("varchar(10)")]]);
  expect(parked.transactions).toMatchObject([{ ended: true }]);
});

describe("Maxwell's commit", () => {
  test("is set on the last change that the subscriber gets of a transaction", () => {
    const changes: TestChange[] = [{}, {}, { table: "shop.other" }];
    expect(bodies(messagesOf("maxwell", changes, { tables: ["shop.orders"] }))).toMatchObject([
      { xoffset: 0 },
      { commit: true },
    ]);
  });

  test("is not set when the transaction continues in a later frame", () => {
    expect(bodies(messagesOf("maxwell", [{}, {}], { ended: false }))).toMatchObject([
      { xoffset: 0 },
      { xoffset: 1 },
    ]);
  });
});
