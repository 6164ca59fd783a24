import { describe, expect, test } from "vitest";
import type { RoutingInput } from "../../../../config/routing.ts";
import { type PositionedFrame, readFrame } from "../../../../functions/frame/read-frame.ts";
import { fanOut, type FanOut } from "../../../../functions/message/fan-out.ts";
import { openKept } from "../../../../functions/message/kept-changes.ts";
import { repeatFault } from "../../../../functions/message/repeat-fault.ts";
import { keyGroup } from "../../../../functions/routing/message-group.ts";
import { attribute } from "../../../../functions/sessions/attribute.ts";
import type { EnvironmentMessage } from "../../../../wire/message.ts";
import {
  SOURCE,
  TestLane,
  type TestChange,
  withShapes,
} from "../../../support/functions/frames.ts";
import { rulesOf } from "../../../support/functions/rules-of.ts";

type SubscriberInput = RoutingInput["subscribers"][string];

const SECRET = "the secret";

function shopRules(
  subscribers: Readonly<
    Record<string, Omit<SubscriberInput, "tables"> & Partial<Pick<SubscriberInput, "tables">>>
  >,
  secret = SECRET,
) {
  const input: RoutingInput = {
    environments: { production: { users: ["app_prod"] } },
    subscribers: Object.fromEntries(
      Object.entries(subscribers).map(([name, rest]) => [name, { tables: ["shop.*"], ...rest }]),
    ),
    otherUsers: "drop",
  };
  return rulesOf(input, { secret });
}

function authoredOf(frame: PositionedFrame, rules: ReturnType<typeof shopRules>) {
  return attribute(frame, frame.changes, new Map(), rules.environmentOf).authored;
}

function sharesOf(
  changes: readonly TestChange[],
  rules: ReturnType<typeof shopRules>,
): FanOut["queues"] {
  const frame = readFrame(withShapes(new TestLane().frame(changes)), SOURCE);
  return fanOut(frame, authoredOf(frame, rules), rules).queues;
}

/** With texts for bodies that are bytes, as in a failure record. */
const written = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

function bodiesOf(
  changes: readonly TestChange[],
  subscriber: Omit<SubscriberInput, "tables">,
): string[] {
  return sharesOf(changes, shopRules({ billing: subscriber })).flatMap((share) =>
    share.kind === "messages" ? share.messages.map(({ body }) => String(body)) : [],
  );
}

function changesOf(changes: readonly TestChange[], subscriber: Omit<SubscriberInput, "tables">) {
  return bodiesOf(changes, subscriber).flatMap(
    (body) => (JSON.parse(body) as EnvironmentMessage).changes,
  );
}

/** The rows of three changes, with two columns hashed under this secret. */
function hashes(secret: string) {
  const rules = shopRules(
    { billing: { columns: { mask: { "*.*.text": "hash", "*.*.n": "hash" } } } },
    secret,
  );
  const changes = [{ text: "1" }, { text: "x" }, { text: "x", table: "shop.items" }];
  const shares = sharesOf(changes, rules);
  return shares.flatMap((share) =>
    share.kind === "fault"
      ? []
      : share.messages.flatMap(({ body }) =>
          (JSON.parse(String(body)) as EnvironmentMessage).changes.map(({ after }) => after),
        ),
  );
}

describe("columns", () => {
  test("are left out or masked in both row images, and every other value keeps its text", () => {
    const image =
      '{"id": 18446744073709551615 ,"n":1.50,"mail":"ada@example.com","text":{"a":[1,"}"]}}';
    const fields = new TestLane().frame([{ op: "u" }]).split("\t");
    const text = [...fields.slice(0, -2), image, image].join("\t");
    const rules = shopRules({
      billing: { columns: { exclude: ["shop.*.TEXT"], mask: { "*.orders.mail": "last4" } } },
    });
    const frame = readFrame(text, SOURCE);
    const { queues } = fanOut(frame, authoredOf(frame, rules), rules);
    const kept = '{"id":18446744073709551615,"n":1.50,"mail":"****.com"}';
    expect(written(queues[0])).toMatchObject({
      messages: [{ body: expect.stringContaining(`"before":${kept},"after":${kept}`) as string }],
    });
  });

  test("are only those of `include` in the tables that it names", () => {
    const columns = { include: ["shop.orders.id", "shop.orders.text"] };
    const [order, item] = changesOf([{ text: "a" }, { text: "b", table: "shop.items" }], {
      columns,
    });
    expect(order?.after).toEqual({ id: 1, text: "a" });
    expect(item?.after).toEqual({ id: 2, n: 2, text: "b" });
  });

  test("have equal hashes for equal values, as text or as a number, and other hashes with another secret", () => {
    const [first, second, third] = hashes(SECRET);
    expect(first?.["text"]).toMatch(/^[0-9a-f]{64}$/);
    expect(first?.["text"]).toBe(first?.["n"]);
    expect(second?.["text"]).toBe(third?.["text"]);
    expect(second?.["text"]).not.toBe(first?.["text"]);
    expect(hashes("another")[0]?.["text"]).not.toBe(first?.["text"]);
  });

  test("of a key are hashed, however they are masked, so that rows stay distinguishable and in order", () => {
    for (const columns of [
      { mask: { "shop.*.id": "hash" } },
      { mask: { "shop.*.id": "null" } },
    ] as const) {
      const changes = [{ id: 7 }, { op: "u", id: 8, oldId: 7 }, { op: "d", id: 8 }] as const;
      const shares = sharesOf(changes, shopRules({ billing: { columns, groupBy: "key" } }));
      const messages = shares.flatMap((share) => (share.kind === "messages" ? share.messages : []));
      const found = messages.flatMap(({ group, body }) =>
        (JSON.parse(String(body)) as EnvironmentMessage).changes.map(({ op, key }) => ({
          group,
          op,
          key,
        })),
      );
      const groups = [...new Set(found.map(({ group }) => group))];
      expect(groups).toHaveLength(2);
      expect(groups).not.toContain(keyGroup("shop", "orders", '{"id":7}'));
      for (const group of groups) {
        const keys = found.filter((each) => each.group === group).map(({ key }) => key?.["id"]);
        expect(new Set(keys).size).toBe(1);
        expect(keys[0]).toMatch(/^[0-9a-f]{64}$/);
      }
      expect(messages.map(({ body }) => body).join("")).not.toMatch(/"id":[78]/);
    }
  });

  test("of a key that are left out stop the subscriber, or are hashed in frames without columns", () => {
    for (const columns of [{ exclude: ["shop.*.ID"] }, { include: ["shop.*.n"] }] as const) {
      const rules = shopRules({ billing: { columns }, whole: {} });
      const [fault, whole] = sharesOf([{ id: 7 }, { op: "t" }], rules);
      expect(whole).toMatchObject({ kind: "messages", queueName: "shop-whole-production.fifo" });
      expect(fault).toMatchObject({
        kind: "fault",
        error: expect.stringMatching(
          /^HiddenKeyError: the key of shop\.orders contains id,/,
        ) as string,
        frame: expect.stringMatching(/^sealed:1:/) as string,
      });
      if (fault?.kind !== "fault") throw new Error("no fault");

      const corrected = shopRules({ billing: { columns: { mask: { "*.*.id": "hash" } } } });
      const { share } = repeatFault(fault, openKept(fault, SOURCE, corrected.filters), corrected);
      expect(JSON.stringify(share)).toMatch(/\\"id\\":\\"[0-9a-f]{64}/);

      const former = readFrame(new TestLane().frame([{ id: 7 }]), SOURCE);
      const hashed = JSON.stringify(fanOut(former, authoredOf(former, rules), rules).queues[0]);
      expect(hashed).toMatch(/\\"id\\":\\"[0-9a-f]{64}/);
      expect(hashed).not.toContain('\\"id\\":7');
    }
  });

  test("have the type of their masked value in the formats of other tools", () => {
    const columns = { exclude: ["*.*.text"], mask: { "*.*.n": "null", "*.*.id": "hash" } } as const;
    const [body = ""] = bodiesOf([{ text: "x" }], { columns, format: "canal" });
    expect(JSON.parse(body)).toMatchObject({
      data: [{ id: expect.stringMatching(/^[0-9a-f]{64}$/) as string, n: null }],
      mysqlType: { id: "varchar(64)", n: "varchar(64)" },
      pkNames: ["id"],
    });
    expect(body).not.toMatch(/"text"/);
  });

  test("show the last four characters only of a text of eight or more", () => {
    const columns = { mask: { "*.*.text": "last4" } } as const;
    const shown = ["1234567", "12345678", "😀😀😀😀😀😀😀😁"].map(
      (text) => changesOf([{ text }], { columns })[0]?.after?.["text"],
    );
    expect(shown).toEqual(["****", "****5678", "****😀😀😀😁"]);
  });
});

describe("hidden columns under other names", () => {
  const columns = { mask: { "shop.orders.mail": "hash" }, exclude: ["shop.orders.text"] } as const;
  const hidden = { mail: "ada@example.com", text: "a secret" };

  test("are hidden in the copy that a schema-change tool makes of their table", () => {
    for (const table of ["_orders_gho", "_orders_del", "_orders_new", "__orders_old"]) {
      const [copied] = changesOf([{ ...hidden, table: `shop.${table}` }], { columns });
      expect(copied?.after).toEqual({
        id: 1,
        n: 1,
        mail: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
      });
      const row = { table: `shop.${table}`, id: 7 };
      expect(changesOf([row], { where: { "shop.orders": "id = 8" } })).toEqual([]);
    }
    const [other] = changesOf([{ ...hidden, table: "shop._orders_ghc" }], { columns });
    expect(other?.after).toMatchObject(hidden);
  });

  test("stop only the subscriber that hides a column which the table no longer has", () => {
    const renamed = { mask: {}, exclude: ["shop.orders.phone", "shop.orders.TEXT"] };
    const rules = shopRules({ billing: { columns: renamed }, whole: {} });
    const changes: TestChange[] = [
      { ...hidden, op: "ddl" },
      { ...hidden },
      { ...hidden, table: "shop.items" },
    ];
    const shares = sharesOf(changes, rules);
    const [fault, whole] = shares;
    expect(whole).toMatchObject({ kind: "messages", queueName: "shop-whole-production.fifo" });
    expect(fault).toMatchObject({
      kind: "fault",
      count: 3,
      error: expect.stringMatching(
        /^HiddenColumnMissingError: shop\.orders has no column phone, which/,
      ) as string,
      frame: expect.stringMatching(/^sealed:1:/) as string,
    });
    if (fault?.kind !== "fault") throw new Error("no fault");

    // The corrected configuration excludes the column by its new name and delivers the changes.
    const corrected = shopRules({ billing: { columns: { mask: {}, exclude: ["shop.*.text"] } } });
    const { share } = repeatFault(fault, openKept(fault, SOURCE, corrected.filters), corrected);
    if (share?.kind !== "messages") throw new Error("no messages");
    const delivered = share.messages.flatMap(
      ({ body }) => (JSON.parse(String(body)) as EnvironmentMessage).changes,
    );
    expect(delivered.map(({ after }) => after)).toEqual([
      null,
      { id: 2, n: 2, mail: hidden.mail },
      { id: 3, n: 3, mail: hidden.mail },
    ]);
  });

  test("stop the subscriber when a tool's copy lacks them, unless their pattern has a wildcard", () => {
    const change = [{ ...hidden, table: "shop._orders_new" }];
    const kindOf = (pattern: string) =>
      sharesOf(change, shopRules({ billing: { columns: { exclude: [pattern] } } })).map(
        ({ kind }) => kind,
      );
    expect(kindOf("shop.orders.phone")).toEqual(["fault"]);
    for (const pattern of ["shop.orders.phone*", "shop.*.phone", "s?op.orders.phone"])
      expect(kindOf(pattern), pattern).toEqual(["messages"]);
  });

  test("have the filters of the former names of the table and its columns", () => {
    const former = {
      tables: [["shop", "clients"]],
      columns: [["mail", ["email"]]],
    } as const;
    const row = { ...hidden, table: "crm.people" };
    const found = (subscriber: Omit<SubscriberInput, "tables">): unknown[] => {
      const rules = shopRules({ billing: { tables: ["crm.*"], ...subscriber } });
      const frame = readFrame(withShapes(new TestLane().frame([row]), former), SOURCE);
      return fanOut(frame, authoredOf(frame, rules), rules).queues.flatMap((share) =>
        share.kind === "fault"
          ? [share.error as unknown]
          : share.messages.flatMap(({ body }): unknown[] =>
              (JSON.parse(String(body)) as EnvironmentMessage).changes.map(({ after }) => after),
            ),
      );
    };
    const whole = { id: 1, n: 1, ...hidden };
    const masks = { "shop.clients.mail": "null" } as const;
    expect(found({ columns: { mask: masks } })).toEqual([{ ...whole, mail: null }]);
    expect(found({ columns: { mask: { "shop.clients.e*": "null" } } })).toEqual([
      { ...whole, mail: null },
    ]);
    expect(found({ columns: { mask: { "crm.*.EMA?L": "null" } } })).toEqual([
      { ...whole, mail: null },
    ]);
    expect(found({ columns: { include: ["shop.clients.id", "shop.clients.email"] } })).toEqual([
      { id: 1 },
    ]);
    expect(found({ where: { "shop.clients": "id = 2" } })).toEqual([]);
    expect(found({ columns: { exclude: ["shop.clients.email"] } })).toEqual([
      expect.stringMatching(/^HiddenColumnMissingError: crm.people has no column email/),
    ]);
    expect(found({ columns: { exclude: ["shop.other.mail", "shop.clients.phone*"] } })).toEqual([
      whole,
    ]);
  });

  test("are not checked in a frame that does not name the columns", () => {
    const frame = readFrame(new TestLane().frame([hidden]), SOURCE);
    const rules = shopRules({ billing: { columns: { exclude: ["shop.orders.phone"] } } });
    expect(fanOut(frame, authoredOf(frame, rules), rules).queues).toMatchObject([
      { kind: "messages" },
    ]);
  });

  test("are matched in any letter case, and with ? in place of a dot in their name", () => {
    const image = JSON.stringify({ id: 1, "e.mail": "x", 'qu"ote': "y", "`tick": "z", ÉTÉ: "w" });
    const fields = new TestLane().frame([{}]).split("\t");
    const frame = readFrame([...fields.slice(0, -1), image].join("\t"), SOURCE);
    const exclude = ["shop.orders.E?MAIL", 'shop.orders.QU"ote', "shop.orders.`tick", "*.*.été"];
    const rules = shopRules({ billing: { columns: { exclude } } });
    expect(written(fanOut(frame, authoredOf(frame, rules), rules).queues)).toMatchObject([
      { messages: [{ body: expect.stringContaining('"after":{"id":1}') as string }] },
    ]);
  });

  test("are left out when `include` does not name them, including columns that were added later", () => {
    const include = ["shop.orders.id", "shop.orders.n"];
    for (const table of ["shop.orders", "shop._orders_gho"]) {
      const [change] = changesOf([{ ...hidden, table }], { columns: { include } });
      expect(change?.after).toEqual({ id: 1, n: 1 });
    }
  });
});

describe("rows", () => {
  const update = { op: "u", id: 5, oldId: 4 } as const;

  test("that begin to match are inserts, and rows that cease to match are deletes, with the id of the update", () => {
    const plain = changesOf([update], {});
    expect(changesOf([update], { where: "id = 5" })).toEqual([
      { ...plain[0], op: "c", before: null },
    ]);
    expect(changesOf([update], { where: "ID = 4" })).toEqual([
      { ...plain[0], op: "d", after: null, key: { id: 4 } },
    ]);
    expect(changesOf([update], { where: "id IN (4, 5)" })).toEqual(plain);
    expect(changesOf([update], { where: "id = 6" })).toEqual([]);
  });

  test("stay updates when the configuration says so", () => {
    const subscriber = { where: "id = 5", whereCrossing: "update" } as const;
    expect(changesOf([update, { id: 6 }], subscriber)).toEqual(changesOf([update], {}));
  });

  test("are chosen by the conditions of all patterns that match their table, unlike truncations and statements", () => {
    const where = { "shop.*": "n > 1", "shop.orders": "id <> 3" };
    const changes: TestChange[] = [
      {},
      {},
      {},
      { table: "shop.items", id: 3 },
      { op: "t" },
      { op: "ddl" },
    ];
    const found = changesOf(changes, { where, groupBy: "source" });
    expect(found.map(({ op, after }) => after?.["n"] ?? op)).toEqual([2, 4, "t", "ddl"]);
  });

  test("of a frame that are all left out produce no share", () => {
    expect(sharesOf([{}, {}], shopRules({ billing: { where: "id > 100" } }))).toEqual([]);
  });

  test("without a result of the condition are a fault of that queue only, sealed when columns are masked", () => {
    const subscribers = {
      whole: {},
      billing: { where: "missing = 1", columns: { exclude: ["*.*.text"] } },
    };
    const changes = [{ text: "a secret" }];
    const [whole, fault] = sharesOf(changes, shopRules(subscribers));
    expect(whole).toMatchObject({ kind: "messages", queueName: "shop-whole-production.fifo" });
    expect(fault).toMatchObject({
      kind: "fault",
      error: expect.stringContaining(
        "UndecidedRowError: a row image of shop.orders lacks",
      ) as string,
      frame: expect.stringMatching(/^sealed:1:[A-Za-z0-9+/=]+$/) as string,
    });
    if (fault?.kind !== "fault") throw new Error("no fault");
    const decided = shopRules({ billing: { columns: { exclude: ["*.*.text"] } } });
    const opened = openKept(fault, SOURCE, decided.filters);
    expect(written(repeatFault(fault, opened, decided).share)).toMatchObject({
      kind: "messages",
      messages: [{ body: expect.stringContaining('"after":{"id":1,"n":1}') as string }],
    });
    const renamed = shopRules({ invoices: { columns: { exclude: ["*.*.text"] } } });
    expect(() => openKept(fault, SOURCE, renamed.filters)).toThrow(
      "no longer has the subscriber billing",
    );
    const broken = {
      ...decided,
      filters: {
        ...decided.filters,
        of: () => {
          throw new TypeError("no rules");
        },
      },
    };
    expect(repeatFault(fault, opened, broken)).toMatchObject({
      share: { kind: "fault", error: expect.stringContaining("TypeError at") as string },
      error: undefined,
    });
    const other = shopRules({ billing: { columns: {} } }, "another secret");
    expect(() => openKept(fault, SOURCE, other.filters)).toThrow("another secret of the filters");
  });
});

describe("a subscriber without a filter", () => {
  test("gets the same bytes when another subscriber has filters", () => {
    const changes: TestChange[] = [
      { text: "a" },
      { op: "u", id: 2, oldId: 1 },
      { op: "d" },
      { op: "ddl" },
    ];
    const filtered = { where: "id > 1", columns: { mask: { "*.*.text": "hash" } } } as const;
    const alone = sharesOf(changes, shopRules({ whole: {} }));
    const beside = sharesOf(changes, shopRules({ first: filtered, whole: {}, last: filtered }));
    expect(beside.filter(({ queueName }) => queueName === "shop-whole-production.fifo")).toEqual(
      alone,
    );
  });
});
