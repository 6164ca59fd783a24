import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { RoutingInput } from "../../../../config/routing.ts";
import { readFrame } from "../../../../functions/frame/read-frame.ts";
import type { OutgoingMessage } from "../../../../functions/message/outgoing-message.ts";
import { encodeHeader, type FrameHeader } from "../../../../wire/frame.ts";
import { decodeMessage } from "../../../../wire/message.ts";
import { formatPosition, parsePosition } from "../../../../wire/position.ts";
import {
  ofThisRelease,
  SOURCE,
  TestLane,
  type TestChange,
} from "../../../support/functions/frames.ts";
import { messagesIn } from "../../../support/functions/messages-in.ts";
import { sharesOf } from "../../../support/functions/shares-of.ts";

/** What decides what a queue's messages contain. */
interface Settings {
  readonly users: readonly string[];
  readonly tables: readonly string[];
  readonly grouping: Partial<Subscriber>;
  readonly form: Pick<Subscriber, "format" | "encoding">;
}

type Subscriber = RoutingInput["subscribers"][string];

const settings = fc.record<Settings>({
  users: fc.constantFrom(["app"], ["app", "cron"]),
  tables: fc.constantFrom(["shop.*"], ["shop.orders"]),
  grouping: fc.constantFrom<Settings["grouping"]>(
    { groupBy: "table" },
    { groupBy: "source" },
    { groupBy: "key" },
    { groupBy: "key", keyBuckets: 2 },
    { groupBy: "key", keyBuckets: 3 },
  ),
  form: fc.constantFrom<Settings["form"]>({}, { format: "compact" }, { encoding: "zstd" }),
});

/** Settings before and after a change of one of them. */
const changed = fc
  .tuple(settings, settings, fc.constantFrom("users", "tables", "grouping", "form"))
  .map(([before, other, name]) => ({ before, after: { ...before, [name]: other[name] } }));

const change: fc.Arbitrary<TestChange> = fc
  .record({
    table: fc.constantFrom("shop.orders", "shop.items"),
    user: fc.constantFrom("app", "cron"),
    id: fc.nat({ max: 5 }),
    movesFrom: fc.option(fc.nat({ max: 5 }), { freq: 4, nil: undefined }),
    // Some changes are so large that a few of them fill a message.
    text: fc.constantFrom("", "", "", "", "", "", "x".repeat(450_000)),
  })
  .map(({ movesFrom, ...fields }) => ({
    ...fields,
    ...(movesFrom !== undefined && { op: "u" as const, oldId: movesFrom }),
  }));

function messagesOf(
  text: string,
  { users, tables, grouping, form }: Settings,
): readonly OutgoingMessage[] {
  const shares = sharesOf(readFrame(text, SOURCE), {
    environments: { production: { users: [...users] } },
    subscribers: { billing: { tables: [...tables], ...grouping, ...form } },
    otherUsers: "drop",
  });
  return messagesIn(shares);
}

/** The halves of a message's changes: what a change of the key is divided into, if at all. */
function contents({ body, first }: OutgoingMessage): string[] {
  const text = String(body);
  if (!text.startsWith('{"version"')) return [`${first}/d`, `${first}/c`];
  return decodeMessage(text).changes.flatMap(({ id, source: { pos } }) => {
    const place = first.replace(/\d{15}(?=\.\d+$)/, String(pos).padStart(15, "0"));
    return /\/[cd]$/.test(id) ? [place + id.slice(-2)] : [`${place}/d`, `${place}/c`];
  });
}

/** Which halves a queue that drops repeats gets from all of these messages, in order. */
function arrived(messages: readonly OutgoingMessage[]): Set<string> {
  const taken = new Map<string, OutgoingMessage>();
  for (const message of messages) {
    if (!taken.has(message.deduplicationId)) taken.set(message.deduplicationId, message);
  }
  return new Set([...taken.values()].flatMap(contents));
}

/** The same frame with each change at the same place of a binlog file of its own. */
function atOnePlace(text: string): string {
  const [header = "", ...lines] = text.split("\n");
  const fields = JSON.parse(header) as FrameHeader;
  const { epoch, offset } = parsePosition(fields.first);
  return [
    encodeHeader({
      ...fields,
      last: formatPosition({ epoch, file: lines.length, offset, row: 0 }),
      transactions: fields.transactions.map((one, n) => ({
        ...one,
        file: `mysql-bin.00000${n + 1}`,
      })),
    }),
    ...lines.map((line) => line.replace(/^(\w+\t\d+\t\d+\t)\d+/, `$1${offset}`)),
  ].join("\n");
}

/** Expects that a queue gets all of a frame that was sent in part and is repeated. */
function expectAll(text: string, before: Settings, after: Settings, sent: number): void {
  const again = messagesOf(text, after);
  const got = arrived([...messagesOf(text, before).slice(0, sent), ...again]);
  expect(again.flatMap(contents).filter((half) => !got.has(half))).toEqual([]);
}

const KEYS_IN_ONE_BUCKET: Partial<Settings> = { grouping: { groupBy: "key", keyBuckets: 1 } };
const PLAIN: Settings = { users: ["app"], tables: ["shop.orders"], grouping: {}, form: {} };

describe("a frame that was sent in part and is repeated", () => {
  test.each<[string, Partial<Settings>, Partial<Settings>]>([
    ["users", {}, { users: ["app", "cron"] }],
    ["tables", { grouping: { groupBy: "source" } }, { tables: ["shop.*"] }],
    ["buckets", { grouping: { groupBy: "key", keyBuckets: 2 } }, KEYS_IN_ONE_BUCKET],
    ["formats", { form: { format: "maxwell" } }, { form: {} }],
  ])("loses nothing when %s changed in between", (_name, before, after) => {
    const changes = [
      { user: "app", id: 1 },
      { user: "cron", id: 2 },
      { user: "app", table: "shop.items", id: 3 },
      { user: "app", id: 4 },
      { user: "app", id: 5 },
    ];
    const text = ofThisRelease(new TestLane().frame(changes));
    const from = { ...PLAIN, ...before };
    expectAll(text, from, { ...from, ...after }, 1);
  });

  test("has other ids for changes that are at the same place of other binlog files", () => {
    const users = ["app", "bob", "cron"];
    const text = atOnePlace(
      ofThisRelease(new TestLane().frame(users.map((user) => ({ user, id: 1 })))),
    );
    const ids = ["bob", "cron"].map((user) => {
      const [message] = messagesOf(text, { ...PLAIN, users: ["app", user] });
      expect(message?.changes).toBe(2);
      return message?.deduplicationId;
    });
    expect(ids[0]).not.toBe(ids[1]);
  });

  test("loses nothing when anything of the configuration changed in between", () => {
    fc.assert(
      fc.property(
        fc.array(change, { minLength: 1, maxLength: 10 }),
        changed,
        fc.nat({ max: 4 }),
        (changes, { before, after }, sent) => {
          expectAll(ofThisRelease(new TestLane().frame(changes)), before, after, sent);
        },
      ),
      { numRuns: 200 },
    );
  });

  test("comes once, whatever was sent, while the configuration stays", () => {
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 10 }), settings, (changes, same) => {
        const text = ofThisRelease(new TestLane().frame(changes));
        const ids = messagesOf(text, same).map(({ deduplicationId }) => deduplicationId);
        expect(new Set(ids).size).toBe(ids.length);
        expect(messagesOf(text, same).map(({ deduplicationId }) => deduplicationId)).toEqual(ids);
      }),
    );
  });

  test("keeps its messages' ids if a reader of the last release sent it", () => {
    const changes = [{ user: "app" }, { user: "app" }];
    const [message] = messagesOf(new TestLane().frame(changes), PLAIN);
    expect(message?.changes).toBe(2);
    expect(message?.deduplicationId).toBe(
      "868cc683f029a5effbe4181d86e246b6b2a971e5382fbe9c62d1f1d7fe516757",
    );
  });
});
