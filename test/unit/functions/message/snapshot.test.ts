import { describe, expect, test } from "vitest";
import type { RoutingInput } from "../../../../config/routing.ts";
import { readFrame } from "../../../../functions/frame/read-frame.ts";
import { encodeChange, encodeFrame, type FrameChange } from "../../../../wire/frame.ts";
import { decodeMessage, type EnvironmentMessage } from "../../../../wire/message.ts";
import { formatPosition } from "../../../../wire/position.ts";
import { messagesIn } from "../../../support/functions/messages-in.ts";
import { sharesOf } from "../../../support/functions/shares-of.ts";

const ENVIRONMENTS = { staging: { users: ["app_staging"] }, production: { users: ["app"] } };
const TARGET = { id: "20261128-101500-3f2a", subscriber: "search", environment: "staging" };

const at = (offset: number, row: number) => formatPosition({ epoch: 1, file: 3, offset, row });

const line = (fields: Partial<FrameChange>): string =>
  encodeChange({
    op: "r",
    transaction: 1,
    table: 0,
    offset: 900,
    row: 0,
    n: 1,
    key: "",
    oldKey: "",
    before: "",
    after: "",
    ...fields,
  });

const TRANSACTION = { thread: 0, run: 0, serverId: 1, file: "mysql-bin.000003" };

/** A frame of a row by production, and a snapshot's mark, two rows and end. */
function frame(): string {
  return encodeFrame(
    {
      frame: 1,
      source: "shop",
      lane: 0,
      first: at(700, 0),
      last: at(900, 3),
      previous: null,
      server: "5441fac8-0000-4000-8000-000000000001",
      epoch: 1,
      transactions: [
        {
          ...TRANSACTION,
          gtid: "5441fac8-0000-4000-8000-000000000001:7",
          timestampMs: 1,
          author: 0,
        },
        { ...TRANSACTION, gtid: null, timestampMs: 2, author: 1 },
      ],
      tables: [
        [
          "shop",
          "orders",
          {
            columns: [
              ["id", "int", false],
              ["total", "decimal(10,2)", true],
            ],
            key: ["id"],
          },
        ],
      ],
      authors: [
        { user: "app", host: "10.0.0.1", attribution: "ledger" },
        { user: "", host: "", attribution: "snapshot", snapshot: TARGET },
      ],
    },
    [
      line({
        op: "c",
        transaction: 0,
        offset: 700,
        n: 0,
        key: '{"id":9}',
        after: '{"id":9,"total":"1.00"}',
      }),
      line({ op: "snapshot", row: 0, n: 0, after: '{"state":"started"}' }),
      line({ row: 1, key: '{"id":1}', after: '{"id":1,"total":"12.50"}' }),
      line({ row: 2, key: '{"id":2}', after: '{"id":2,"total":null}' }),
      line({ op: "snapshot", row: 3, n: 0, after: '{"state":"complete","rows":2,"whole":true}' }),
    ].join("\n"),
  );
}

/** The message bodies, by queue. */
function delivered(
  subscribers: RoutingInput["subscribers"],
  text = frame(),
): ReadonlyMap<string, readonly string[]> {
  const shares = sharesOf(readFrame(text, "shop"), { environments: ENVIRONMENTS, subscribers });
  return new Map(
    shares.map((share) => [share.queueName, messagesIn([share]).map(({ body }) => String(body))]),
  );
}

const envelopesOf = (
  bodies: readonly string[] = [],
): readonly EnvironmentMessage["changes"][number][] =>
  bodies.flatMap((body) => [...decodeMessage(body).changes]);

const idsIn = (text: string): readonly string[] =>
  envelopesOf(
    delivered({ search: { tables: ["shop.*"] } }, text).get("shop-search-staging.fifo"),
  ).map(({ id }) => id);

describe("a snapshot", () => {
  test("reaches only the queue that it is for, whoever wrote its rows", () => {
    const all = delivered({
      search: { tables: ["shop.*"] },
      billing: { tables: ["shop.*"], ddl: "all" },
    });
    expect([...all.keys()].sort()).toEqual([
      "shop-billing-production.fifo",
      "shop-search-production.fifo",
      "shop-search-staging.fifo",
    ]);
    for (const [queue, bodies] of all) {
      const ops = envelopesOf(bodies).map(({ op }) => op);
      expect(ops).toEqual(
        queue === "shop-search-staging.fifo" ? ["snapshot", "r", "r", "snapshot"] : ["c"],
      );
    }
  });

  test("names the snapshot and chunk of each row, and no user", () => {
    const changes = envelopesOf(
      delivered({ search: { tables: ["shop.*"] } }).get("shop-search-staging.fifo"),
    );
    const { id } = TARGET;
    expect(changes.map(({ snapshot }) => snapshot)).toEqual([
      { id, table: "shop.orders", state: "started" },
      { id, table: "shop.orders", chunk: 1 },
      { id, table: "shop.orders", chunk: 1 },
      { id, table: "shop.orders", state: "complete", rows: 2, whole: true },
    ]);
    expect(changes[1]).toMatchObject({
      op: "r",
      before: null,
      after: { id: 1, total: "12.50" },
      key: { id: 1 },
      user: "",
      host: "",
      attribution: "snapshot",
      source: { gtid: null, thread: 0, file: "mysql-bin.000003", pos: 900, row: 1 },
    });
    expect(new Set(changes.map((change) => change.id)).size).toBe(4);
  });

  test("gives a row the same id when it is sent again from another place in the binlog", () => {
    const later = frame()
      .replaceAll("\t900\t", "\t950\t")
      .replace("000000000000900", "000000000000950");
    expect(idsIn(later)).toEqual(idsIn(frame()));
  });

  test("has rows in their keys' groups and marks in the table's group", () => {
    const bodies = delivered({ search: { tables: ["shop.*"], groupBy: "key" } }).get(
      "shop-search-staging.fifo",
    );
    const groups = (bodies ?? []).map((body) => {
      const { group, changes } = decodeMessage(body);
      return [group.replace(/#.*/, "#key"), changes.map(({ op }) => op).join()];
    });
    expect(groups).toHaveLength(3);
    expect(groups).toEqual(
      expect.arrayContaining([
        ["shop.orders", "snapshot,snapshot"],
        ["shop.orders#key", "r"],
      ]),
    );
  });

  test("produces no message when its subscriber has lost the table or the environment, or was removed", () => {
    for (const subscribers of [
      { search: { tables: ["shop.customers"] } },
      { search: { tables: ["shop.*"], environments: ["production"] } },
      { billing: { tables: ["shop.*"] } },
    ]) {
      const queues = [...delivered(subscribers).keys()];
      expect(queues.filter((name) => name.includes("staging"))).toEqual([]);
    }
  });

  test("follows the subscriber's columns and its condition", () => {
    const changes = envelopesOf(
      delivered({
        search: {
          tables: ["shop.*"],
          where: "total > 5",
          columns: { mask: { "shop.orders.total": "hash" } },
        },
      }).get("shop-search-staging.fifo"),
    );
    expect(changes.map(({ op }) => op)).toEqual(["snapshot", "r", "snapshot"]);
    expect(changes[1]?.after).toEqual({
      id: 1,
      total: expect.stringMatching(/^[\w-]{20,}/) as string,
    });
  });

  test("is Maxwell's bootstrap in that format", () => {
    const bodies = delivered({ search: { tables: ["shop.*"], format: "maxwell" } }).get(
      "shop-search-staging.fifo",
    );
    const common = {
      database: "shop",
      table: "orders",
      ts: 0,
      user: "",
      host: "",
      attribution: "snapshot",
      environment: "staging",
    };
    expect((bodies ?? []).map((body) => JSON.parse(body) as unknown)).toEqual([
      { ...common, type: "bootstrap-start", data: {} },
      { ...common, type: "bootstrap-insert", data: { id: 1, total: 12.5 } },
      { ...common, type: "bootstrap-insert", data: { id: 2, total: null } },
      { ...common, type: "bootstrap-complete", data: {} },
    ]);
  });

  test("is Debezium's read event in that format, which has no marks", () => {
    const bodies = delivered({ search: { tables: ["shop.*"], format: "debezium" } }).get(
      "shop-search-staging.fifo",
    );
    const events = (bodies ?? []).map((body) => JSON.parse(body) as Record<string, unknown>);
    expect(events).toHaveLength(2);
    expect(events[0]).toMatchObject({
      op: "r",
      before: null,
      after: { id: 1, total: "BOI=" },
      source: { snapshot: "incremental", db: "shop", table: "orders", gtid: null },
    });
  });
});
