import * as fc from "fast-check";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { RoutingInput } from "../../../../config/routing.ts";
import { type PositionedFrame, readFrame } from "../../../../functions/frame/read-frame.ts";
import type { OutgoingMessage } from "../../../../functions/message/outgoing-message.ts";
import { decodeMessage } from "../../../../wire/message.ts";
import { environmentQueueName } from "../../../../wire/names.ts";
import { bytesOf } from "../../../../wire/utf8-text.ts";
import { SOURCE, TestLane, type TestChange } from "../../../support/functions/frames.ts";
import { messagesIn } from "../../../support/functions/messages-in.ts";
import { sharesOf } from "../../../support/functions/shares-of.ts";
import {
  RANDOM_PAIR,
  RANDOM_USERS,
  randomFrame,
} from "../../../support/functions/random-frames.ts";
import { writtenMessage } from "../../../support/functions/written-message.ts";

type Rules = Omit<RoutingInput["subscribers"][string], "tables">;

/** The messages of each subscriber's queue in production. */
function messagesOf(frame: PositionedFrame, subscribers: Readonly<Record<string, Rules>>) {
  const shares = sharesOf(frame, {
    environments: { [RANDOM_PAIR.environment]: { users: RANDOM_USERS } },
    subscribers: Object.fromEntries(
      Object.entries(subscribers).map(([name, rules]) => [name, { tables: ["*.*"], ...rules }]),
    ),
    otherUsers: "drop",
  });
  return new Map(shares.map((share) => [share.queueName, messagesIn([share])]));
}

/** The messages of the subscriber that also gets the snapshots of random frames. */
function messagesFor(frame: PositionedFrame, rules: Rules): readonly OutgoingMessage[] {
  return [...messagesOf(frame, { [RANDOM_PAIR.subscriber]: rules }).values()].flat();
}

const withoutBodies = (messages: readonly OutgoingMessage[]) =>
  messages.map((message) => ({ ...message, body: "" }));

const grouping = fc.constantFrom<Rules>(
  { groupBy: "table" },
  { groupBy: "source" },
  { groupBy: "key" },
  { groupBy: "key", keyBuckets: 1 },
  { groupBy: "key", keyBuckets: 3 },
);

describe("compact messages", () => {
  test("are read as the envelopes are that they stand for, with the same ids", () => {
    fc.assert(
      fc.property(randomFrame, grouping, (text, rules) => {
        const frame = readFrame(text, SOURCE);
        const envelopes = messagesFor(frame, rules);
        const compact = messagesFor(frame, { ...rules, format: "compact" });
        expect(withoutBodies(compact)).toEqual(withoutBodies(envelopes));
        for (const [index, { body }] of compact.entries()) {
          const envelope = envelopes[index]?.body ?? "";
          const read = decodeMessage(String(body));
          expect(read).toEqual(decodeMessage(String(envelope)));
          // The members are in the same order, too.
          expect(JSON.stringify(read)).toBe(JSON.stringify(decodeMessage(String(envelope))));
          expect(bytesOf(body)).toBeLessThanOrEqual(bytesOf(envelope));
        }
      }),
      { numRuns: 300 },
    );
  });

  test("are the same when other queues get the same changes in other messages", () => {
    const subscribers: Record<string, Rules> = {
      a: { format: "compact", groupBy: "key", keyBuckets: 2 },
      b: {},
      c: { format: "compact" },
      d: { format: "compact", groupBy: "source" },
    };
    fc.assert(
      fc.property(randomFrame, (text) => {
        const frame = readFrame(text, SOURCE);
        const together = messagesOf(frame, subscribers);
        for (const [name, rules] of Object.entries(subscribers)) {
          for (const [queue, messages] of messagesOf(frame, { [name]: rules })) {
            expect(together.get(queue)).toEqual(messages);
          }
        }
      }),
    );
  });

  test("have no member twice that stays the same within a statement", () => {
    const [message] = messagesFor(oneStatement(3), { format: "compact" });
    const { changes } = JSON.parse(String(message?.body)) as { changes: unknown[] };
    expect(changes.slice(1)).toEqual(
      [1, 2].map((n) => ({
        id: `/${n}`,
        op: "c",
        after: { id: n + 1, n: n + 1 },
        key: { id: n + 1 },
        source: { row: n },
      })),
    );
  });

  test("are as the message format's page shows them", () => {
    const path = new URL("../../../../docs/message-format.md", import.meta.url);
    const [, shown = ""] = /```json compact\n(.*?)```/s.exec(readFileSync(path, "utf8")) ?? [];
    const whole = decodeMessage(shown);
    expect(JSON.parse(writtenMessage(whole, "compact"))).toEqual(JSON.parse(shown));
    expect(JSON.parse(writtenMessage(whole, "envelope"))).toEqual(whole);
  });

  test("hold more changes than envelopes", () => {
    const frame = oneStatement(9000);
    const [envelopes, compact] = (["envelope", "compact"] as const).map((format) =>
      messagesFor(frame, { format }),
    );
    expect(envelopes?.length).toBeGreaterThan(3);
    expect(compact).toHaveLength(1);
    expect(bytesOf(compact?.[0]?.body ?? "")).toBeLessThan(900_500);
  });
});

/** A frame of one INSERT. */
function oneStatement(rows: number): PositionedFrame {
  const frame = readFrame(new TestLane().frame(Array.from({ length: rows }, () => ({}))), SOURCE);
  const changes = frame.changes.map((change, row) => ({
    ...change,
    transaction: 0,
    table: 0,
    offset: 100,
    row,
    n: row,
    position: `${frame.first.slice(0, -10)}${String(row).padStart(10, "0")}`,
  }));
  return { ...frame, changes };
}

/** The settings between which a subscriber may change while a frame is repeated. */
const SETTINGS: readonly Rules[] = [
  {},
  { format: "compact" },
  { encoding: "zstd" },
  { format: "compact", encoding: "zstd" },
];
const BY_KEY = { groupBy: "key", keyBuckets: 1 } as const;

/** Of the longest rows, two fill a message, and an update of one is longer than a message. */
const sized = fc.record({
  size: fc.constantFrom(1, 10_000, 200_000, 450_000),
  times: fc.constantFrom(1, 2, 40),
  movesKey: fc.boolean(),
});

function sizedFrame(drawn: readonly { size: number; times: number; movesKey: boolean }[]) {
  const changes = drawn.flatMap(({ size, times, movesKey }) =>
    Array.from({ length: size > 10_000 ? Math.min(times, 2) : times }, (): TestChange => {
      const text = "x".repeat(size);
      return movesKey ? { op: "u", id: 2, oldId: 1, text } : { text };
    }),
  );
  return readFrame(new TestLane().frame(changes), SOURCE);
}

/** The id of a long message of an earlier release, whether it ended with a half or a change. */
function idOfEarlierRelease({ lane }: PositionedFrame, message: OutgoingMessage | undefined) {
  const { first, last, group } = message ?? {};
  const { environment, subscriber } = RANDOM_PAIR;
  const queueName = environmentQueueName(SOURCE, subscriber, environment);
  const named = JSON.stringify([lane, first, queueName, group, "last", last]);
  return createHash("sha256").update(named).digest("hex");
}

const knownIds = new WeakMap<OutgoingMessage, readonly string[]>();

/** The ids of the messages' changes, in order. */
function idsIn(messages: readonly OutgoingMessage[]): string[] {
  return messages.flatMap((message) => {
    const ids =
      knownIds.get(message) ?? decodeMessage(String(message.body)).changes.map(({ id }) => id);
    knownIds.set(message, ids);
    return ids;
  });
}

/** The messages of a long row and of one of this size. */
function ofTwoRows(size: number, rules: Rules): readonly OutgoingMessage[] {
  const rows = [400_000, size].map((each) => ({ size: each, times: 1, movesKey: false }));
  return messagesFor(sizedFrame(rows), rules);
}

/** The ids of the changes that SQS accepts, in order: it drops a message whose id it has seen. */
function accepted(sends: readonly OutgoingMessage[]): string[] {
  const seen = new Set<string>();
  return idsIn(
    sends.filter(({ group, deduplicationId }) => {
      const { size } = seen;
      return seen.add(`${group} ${deduplicationId}`).size > size;
    }),
  );
}

describe("a frame of which some messages were sent, repeated after its subscriber was configured anew,", () => {
  test("loses no change", () => {
    fc.assert(
      fc.property(
        fc.array(sized, { minLength: 1, maxLength: 8 }),
        fc.constantFrom<Rules>({}, BY_KEY, BY_KEY),
        (drawn, groups) => {
          const frame = sizedFrame(drawn);
          const all = SETTINGS.map((rules) => messagesFor(frame, { ...groups, ...rules }));
          for (const before of all) {
            for (const after of all) {
              for (let sent = 1; sent <= before.length; sent++) {
                const got = new Set(accepted([...before.slice(0, sent), ...after]));
                expect(idsIn(after).filter((id) => !got.has(id))).toEqual([]);
              }
            }
          }
        },
      ),
      { numRuns: 12 },
    );
  });

  test("gives no change twice where its messages are not longer than plain envelopes", () => {
    const frame = sizedFrame([{ size: 1000, times: 400, movesKey: false }]);
    for (const before of SETTINGS) {
      for (const after of SETTINGS) {
        const ids = accepted([...messagesFor(frame, before), ...messagesFor(frame, after)]);
        expect(ids).toHaveLength(400);
      }
    }
  });

  test("loses no change where an envelope ends with the last byte that it may have", () => {
    let [fits, splits] = [400_000, 500_000];
    while (splits - fits > 1) {
      const size = Math.floor((fits + splits) / 2);
      if (ofTwoRows(size, {}).length === 1) fits = size;
      else splits = size;
    }
    const envelopes = ofTwoRows(splits, {});
    const compact = ofTwoRows(splits, { format: "compact" });
    expect(compact).toHaveLength(1);
    expect(accepted([...envelopes.slice(0, 1), ...compact])).toHaveLength(3);
    const same = [...ofTwoRows(fits, {}), ...ofTwoRows(fits, { format: "compact" })];
    expect(accepted(same)).toHaveLength(2);
  });

  test("loses no half of a changed key where one message ends before the half and another behind it", () => {
    const frame = sizedFrame([
      ...Array.from({ length: 7 }, () => ({ size: 1, times: 400, movesKey: false })),
      { size: 400_000, times: 1, movesKey: true },
    ]);
    const groups = { ...BY_KEY, encoding: "zstd" } as const;
    const envelopes = messagesFor(frame, groups);
    const compact = messagesFor(frame, { ...groups, format: "compact" });
    expect([envelopes.length, compact.length]).toEqual([2, 1]);
    const ids = accepted([...envelopes.slice(0, 1), ...compact]);
    expect(ids.at(-1)).toMatch(/\/c$/);
    expect(compact.map(({ deduplicationId }) => deduplicationId)).not.toContain(
      idOfEarlierRelease(frame, compact[0]),
    );
  });
});
