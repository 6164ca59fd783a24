import { describe, expect, test } from "vitest";
import {
  decodeRouting,
  encodeRouting,
  type Routing,
  type Subscriber,
} from "../../../../config/routing.ts";
import { readBatchBody, shareBatch } from "../../../../functions/delivery/message-batch.ts";
import { recordKey } from "../../../../functions/failures/parked.ts";
import { filtersOf, type Filters } from "../../../../functions/filters/filters.ts";
import { type PositionedFrame, readFrame } from "../../../../functions/frame/read-frame.ts";
import { fanOut, type FanOutRules } from "../../../../functions/message/fan-out.ts";
import { keepChanges, openKept } from "../../../../functions/message/kept-changes.ts";
import type { FrameShare } from "../../../../functions/message/outgoing-message.ts";
import { repeatFault } from "../../../../functions/message/repeat-fault.ts";
import { environmentOf } from "../../../../functions/routing/environments.ts";
import { type Subscription, subscriptionsOf } from "../../../../functions/routing/subscriptions.ts";
import { attribute } from "../../../../functions/sessions/attribute.ts";
import {
  SOURCE,
  TestLane,
  withShapes,
  type TestChange,
} from "../../../support/functions/frames.ts";

const FORMATS = ["envelope", "debezium"] as const;
type Format = (typeof FORMATS)[number];

/** The rules of a release without a mistake: `odd` masks a column, `whole` gets all columns. */
function soundRules(format: Format): Rules {
  return rulesOf(routingOf(format));
}

interface Rules extends FanOutRules {
  readonly filters: Filters;
  readonly routing: Routing;
}

function routingOf(format: Format, tables = ["shop.*"]): Routing {
  return decodeRouting(
    encodeRouting({
      environments: { production: { users: ["app_prod"] } },
      subscribers: {
        odd: { tables, format, columns: { mask: { "*.*.text": "hash" } } },
        whole: { tables: ["shop.*"] },
      },
    }),
  );
}

function rulesOf(routing: Routing): Rules {
  return {
    routing,
    environmentOf: environmentOf(routing),
    subscriptions: subscriptionsOf(SOURCE, routing),
    filters: filtersOf(routing, "the secret"),
    now: () => 0,
  };
}

function mistake(): never {
  throw new TypeError('unexpected {"card":"4111"}');
}

/** Rules under which the patterns of `odd` throw. */
function withoutPatterns({ routing, ...rules }: Rules): FanOutRules {
  const { odd, ...others } = routing.subscribers;
  const broken = Object.defineProperty({ ...odd }, "tables", { get: mistake }) as Subscriber;
  const subscribers = { ...others, odd: broken };
  return { ...rules, subscriptions: subscriptionsOf(SOURCE, { ...routing, subscribers }) };
}

/** Rules whose subscriptions of `odd` throw when this field is read. */
function withoutField(rules: FanOutRules, field: keyof Subscription): FanOutRules {
  const odd = new Map<Subscription, Subscription>();
  const alter = (subscription: Subscription): Subscription => {
    if (subscription.subscriber !== "odd") return subscription;
    const known = odd.get(subscription);
    if (known !== undefined) return known;
    const altered = Object.defineProperty({ ...subscription }, field, { get: mistake });
    odd.set(subscription, altered);
    return altered;
  };
  const { subscriptions } = rules;
  return {
    ...rules,
    subscriptions: {
      ...subscriptions,
      of: (...of) => subscriptions.of(...of).map(alter),
    },
  };
}

/** Rules whose filters of `odd` have a mistake. */
function withFilter(
  rules: FanOutRules & { readonly filters: Filters },
  alter: (filter: NonNullable<ReturnType<Filters["of"]>>) => ReturnType<Filters["of"]>,
): FanOutRules {
  const { filters } = rules;
  return {
    ...rules,
    filters: {
      ...filters,
      of: (subscriber) => {
        const filter = filters.of(subscriber);
        return filter === null ? null : alter(filter);
      },
    },
  };
}

/** Every place where code runs for a single queue; `release` puts a mistake there. */
const PLACES: readonly {
  readonly place: string;
  readonly release: (rules: Rules) => FanOutRules;
  readonly isPlain?: true;
  readonly formats?: readonly Format[];
}[] = [
  { place: "the patterns of tables", release: withoutPatterns },
  { place: "the choice of a format", release: (rules) => withoutField(rules, "format") },
  { place: "the choice of groups", release: (rules) => withoutField(rules, "groupBy") },
  { place: "the choice of key buckets", release: (rules) => withoutField(rules, "keyBuckets") },
  { place: "the message's header", release: (rules) => withoutField(rules, "environment") },
  {
    place: "the lookup of filters",
    release: (rules) => withFilter(rules, mistake),
    isPlain: true,
  },
  {
    place: "the filters of a table",
    release: (rules) => withFilter(rules, (filter) => ({ ...filter, table: mistake })),
  },
  {
    place: "a filter",
    release: (rules) => withFilter(rules, (filter) => ({ ...filter, table: () => mistake })),
  },
  {
    place: "the filtered header",
    release: (rules) => withFilter(rules, (filter) => ({ ...filter, header: mistake })),
    formats: ["debezium"],
  },
  {
    place: "a filter, and then the seal",
    release: (rules) =>
      withFilter(rules, (filter) => ({ ...filter, table: () => mistake, seal: mistake })),
    isPlain: true,
  },
];

const CHANGES: readonly (readonly TestChange[])[] = [
  [{ text: "first" }, { op: "u", id: 5, oldId: 4 }, { table: "shop.items" }],
  [{ op: "ddl" }, { text: "second" }],
  [{ op: "ddl" }],
];

function offered(changes: readonly TestChange[], rules: FanOutRules) {
  const frame = readFrame(withShapes(new TestLane(0, 1, "a life").frame(changes)), SOURCE);
  const { authored } = attribute(frame, frame.changes, new Map(), rules.environmentOf);
  return { frame, ...fanOut(frame, authored, rules) };
}

function shareOf(shares: readonly FrameShare[], subscriber: string): FrameShare | undefined {
  return shares.find(({ queueName }) => queueName === `shop-${subscriber}-production.fifo`);
}

/** The share that a release makes of a failure record. */
function repeated(share: FrameShare, rules: FanOutRules): FrameShare | null {
  const { body } = shareBatch(share);
  const kept = readBatchBody(body);
  if (kept.kind !== "fault") throw new Error("the stream contains messages instead of changes");
  return repeatFault(kept, openKept(kept, SOURCE, rules.filters), rules).share;
}

describe.each(FORMATS)(
  "an error of the router's code for one queue in the format %s,",
  (format) => {
    const places = PLACES.filter(({ formats = FORMATS }) => formats.includes(format));
    test.each(places)("in $place, affects only that queue", ({ release, isPlain }) => {
      const sound = soundRules(format);
      let faults = 0;
      for (const changes of CHANGES) {
        const right = offered(changes, sound);
        const wrong = offered(changes, release(soundRules(format)));
        expect(wrong.undecided).toBeNull();
        expect(wrong.byEnvironment).toEqual(right.byEnvironment);
        expect(shareOf(wrong.queues, "whole")).toEqual(shareOf(right.queues, "whole"));

        const odd = shareOf(wrong.queues, "odd");
        if (odd?.kind !== "fault") {
          // No change of the frame reaches the mistake: statements, for one, have no row to filter.
          expect(odd).toEqual(shareOf(right.queues, "odd"));
          continue;
        }
        faults++;
        expect(odd.error).toMatch(/^TypeError at /);
        expect(odd).toMatchObject({
          count: changes.length,
          ...extent(wrong.frame),
          life: "a life",
        });
        expect(odd.isPlain).toBe(isPlain);
        if (isPlain === undefined) expect(odd.frame).toMatch(/^sealed:1:/);
        const corrected = shareOf(right.queues, "odd");
        if (corrected !== undefined) {
          expect(recordKey(odd)).toBe(recordKey(shareBatch(corrected)));
        }
        // The deployed correction has the subscription without the mistake.
        const { subscription } = odd;
        const [plain] = sound.subscriptions
          .of("production", "c", "shop", "orders")
          .filter(({ queueName }) => queueName === subscription.queueName);
        const stored = { ...odd, subscription: plain ?? subscription };
        expect(repeated(stored, sound)).toEqual(corrected ?? null);
      }
      expect(faults).toBeGreaterThan(0);
    });
  },
);

test.each(FORMATS)(
  "the repeat of a failed decision delivers only the subscriber's tables, in the format %s",
  (format) => {
    const sound = rulesOf(routingOf(format, ["shop.*", "!shop.items"]));
    const broken = withoutPatterns(sound);
    const changes: readonly TestChange[] = [{}, { table: "shop.items" }, { op: "ddl" }];
    const { queues, undecided } = offered(changes, broken);
    expect(undecided).toBeNull();
    const share = shareOf(queues, "odd");
    if (share?.kind !== "fault") throw new Error("no fault");
    expect(share.count).toBe(3);
    expect(repeated(share, broken)).toMatchObject({ kind: "fault", count: 3 });
    const delivered = repeated(share, sound);
    const right = shareOf(offered(changes, sound).queues, "odd");
    if (delivered?.kind !== "messages" || right?.kind !== "messages")
      throw new Error("no messages");
    expect(delivered.messages).toEqual(right.messages);

    const none = shareOf(offered([{ table: "shop.items" }], broken).queues, "odd");
    if (none === undefined) throw new Error("no share");
    expect(repeated(none, sound)).toBeNull();
  },
);

test("changes wait when the configuration no longer has the subscriber whose patterns failed", () => {
  const sound = rulesOf({
    ...soundRules("envelope").routing,
    subscribers: { odd: { ...soundRules("envelope").routing.subscribers["whole"] } as Subscriber },
  });
  const share = shareOf(offered([{}], withoutPatterns(sound)).queues, "odd");
  if (share?.kind !== "fault") throw new Error("no fault");
  expect(openKept(share, SOURCE, sound.filters).changes).toHaveLength(1);
  const renamed = { ...sound.filters, knows: () => false };
  expect(() => openKept(share, SOURCE, renamed)).toThrow("no longer has the subscriber odd");
});

test("a failed lookup of subscriptions is not remembered", () => {
  const { routing } = soundRules("envelope");
  let isBroken = true;
  const { odd } = routing.subscribers;
  const now = Object.defineProperty({ ...odd }, "tables", {
    get: () => (isBroken ? mistake() : odd?.tables),
  }) as Subscriber;
  const subscriptions = subscriptionsOf(SOURCE, { ...routing, subscribers: { odd: now } });
  const ask = (table: string) => ({
    any: subscriptions.any("c", "shop", table),
    certain: subscriptions
      .of("production", "c", "shop", table)
      .map(({ undecided }) => undecided === undefined),
    everywhere: subscriptions.everywhere("ddl", "shop", table).length,
  });
  expect(ask("orders")).toEqual({ any: true, certain: [false], everywhere: 2 });
  isBroken = false;
  expect(ask("orders")).toEqual({ any: true, certain: [true], everywhere: 2 });
});

test("while a decision fails, that others want a table is decided once", () => {
  const { routing } = soundRules("envelope");
  const { odd, ...others } = routing.subscribers;
  let failures = 0;
  const broken = Object.defineProperty({ ...odd }, "tables", {
    get() {
      failures++;
      mistake();
    },
  }) as Subscriber;
  const subscribers = { ...others, odd: broken };
  const subscriptions = subscriptionsOf(SOURCE, { ...routing, subscribers });
  for (let n = 0; n < 100; n++) expect(subscriptions.any("c", "shop", "orders")).toBe(true);
  expect(failures).toBe(1);
});

test("changes are kept as plain JSON when no frame can be made of them", () => {
  const sound = soundRules("envelope");
  const rules = withFilter(sound, (filter) => ({ ...filter, table: () => mistake }));
  const { frame } = offered([{}, { text: "second" }], rules);
  const author = { user: "app_prod", host: "", attribution: "ledger" } as const;
  // The frame's header lacks this table.
  const changes = frame.changes.map((change) => ({ change: { ...change, table: 9 }, author }));
  const { subscriptions } = rules;
  const both = subscriptions.of("production", "c", "shop", "orders");
  const everything = { ...subscriptions, of: () => both };
  const { queues } = fanOut(frame, changes, { ...rules, subscriptions: everything });
  expect(shareOf(queues, "whole")?.kind).toBe("messages");
  const share = shareOf(queues, "odd");
  if (share?.kind !== "fault") throw new Error("no fault");
  expect(share).toMatchObject({ count: 2, isPlain: true });
  // The frame stays sealed because the queue masks a column.
  expect(share.frame).toMatch(/^sealed:1:/);
  expect(sound.filters.open(share.frame)).toContain("second");
  expect(() => openKept(share, SOURCE, sound.filters)).toThrow(RangeError);
});

test("changes kept as plain JSON and changes kept as a frame are read as the same frame", () => {
  const rules = soundRules("envelope");
  const { frame } = offered([{}, { text: "second" }, { text: "third" }], rules);
  const own = { user: "app_prod", host: "", attribution: "ledger" } as const;
  const other = { ...own, user: "another" };
  // All changes are of one transaction; the last one has another author.
  const changes = frame.changes.map((change, index) => ({
    change: { ...change, transaction: 0 },
    author: index < 2 ? own : other,
  }));
  const [subscription] = rules.subscriptions.of("production", "c", "shop", "orders");
  if (subscription === undefined) throw new Error("no subscription");
  const asFrame = keepChanges(frame, changes, (text) => text);
  const asInMemory = keepChanges(frame, changes, mistake);
  expect(asInMemory.isPlain).toBe(true);
  const opened = openKept({ ...asInMemory, subscription }, SOURCE);
  expect(opened.transactions).toHaveLength(2);
  expect(opened).toEqual(openKept({ ...asFrame, subscription }, SOURCE));
});

test("unsealed changes wait when the configuration no longer has their subscriber", () => {
  const rules = soundRules("envelope");
  const broken = withFilter(rules, (filter) => ({ ...filter, table: mistake, seal: mistake }));
  const share = shareOf(offered([{ text: "a secret" }], broken).queues, "odd");
  if (share?.kind !== "fault") throw new Error("no fault");
  const renamed = { ...rules.filters, knows: () => false };
  expect(() => openKept(share, SOURCE, renamed)).toThrow("no longer has the subscriber odd");
});

function extent({ changes }: PositionedFrame) {
  return { first: changes[0]?.position, last: changes.at(-1)?.position };
}
