import { expect, test } from "vitest";
import type { SendResult } from "../../../../functions/delivery/queue-sender.ts";
import { GapError } from "../../../../functions/ground/errors.ts";
import type { RouteEffects } from "../../../../functions/route/route-frames.ts";
import { recordRouter } from "../../../../functions/route/route-records.ts";
import { encodeHeader, type FrameHeader } from "../../../../wire/frame.ts";
import { SOURCE, TestLane, type TestChange } from "../../../support/functions/frames.ts";
import { rawEvent } from "../../../support/functions/invoke.ts";
import { NEW_LANE } from "../../../support/functions/new-lane.ts";
import { productionRules } from "../../../support/functions/rules-of.ts";

const NEVER = new Promise<never>(() => undefined);

/** The table of which the router fails to decide the queues. */
const UNDECIDED = "undecided";

interface Trouble {
  /** The result of the first frame's messages. */
  readonly sent?: SendResult;
  /** Called before a position is written. */
  readonly onWrite?: () => Promise<void>;
  /** Resolves when the messages that were sent ahead are answered. */
  readonly answer?: Promise<void>;
  /** One more change at the end of the first frame. */
  readonly more?: TestChange;
  /** What the second frame's changes have. */
  readonly change?: TestChange;
  /** Writes the second frame; when omitted, it has four large changes. */
  readonly second?: (lane: TestLane) => string;
}

/** A frame whose last change is a row of a snapshot that no queue gets. */
function withDropped(frame: string): string {
  const end = frame.indexOf("\n");
  const header = JSON.parse(frame.slice(0, end)) as FrameHeader;
  const snapshot = { id: "1", subscriber: "removed", environment: "production" };
  const authors = header.authors.map((author, index, { length }) =>
    index < length - 1 ? author : { ...author, attribution: "snapshot" as const, snapshot },
  );
  return encodeHeader({ ...header, authors }) + frame.slice(end);
}

/** The changes of a large frame. */
const large = (fields?: TestChange): TestChange[] =>
  Array.from({ length: 4 }, () => ({ text: "x".repeat(100_000), ...fields }));

/** A router of two large frames of four changes, and what it did. */
function routerUnderTest(trouble: Trouble = {}) {
  const { sent, onWrite, answer, more, change } = trouble;
  const lane = new TestLane();
  const { second = () => lane.frame(large(change)) } = trouble;
  const former = lane.frame([...large(), ...(more === undefined ? [] : [more])]);
  const { Records: records } = rawEvent([former, second(lane)]);
  const learnt = Promise.withResolvers<void>();
  const events: string[] = [];
  const effects: RouteEffects = {
    lookUp: () => Promise.resolve(new Map()),
    noteDropped: () => Promise.reject(new Error("the orders' table is not available")),
    findClosed: () => Promise.resolve(new Set()),
    streams: {
      parkBehind: async () => ({ kind: "parked" }),
      park: async (_stream, [{ first }]) => void events.push(`parked ${first}`),
      forget: () => NEVER,
    },
    sender: {
      prepare(_queueName, messages) {
        events.push(...messages.map(({ first }) => `learnt ${first}`));
        learnt.resolve();
      },
      async begin(_queueName, [message]) {
        events.push(`begun ${message?.first}`);
        await answer;
      },
      async send(_queueName, messages, onWaiting) {
        onWaiting?.();
        // Without an author, the second frame's messages are not made ahead.
        await (change === undefined ? learnt.promise : undefined);
        events.push(...messages.map(({ first }) => `sent ${first}`));
        const isFirst = messages.some(({ first }) => first === lane.position(1));
        return (isFirst ? sent : undefined) ?? { kind: "sent" };
      },
    },
    lanes: {
      read: async () => NEW_LANE,
      async write({ version }, next) {
        await onWrite?.();
        events.push(`written ${next.delivered}`);
        return { ...next, lane: 0, version: version + 1 };
      },
    },
  };
  const rules = productionRules({ billing: { tables: ["shop.*"] } });
  const { subscriptions } = rules;
  const runtime = {
    source: SOURCE,
    rules: {
      ...rules,
      subscriptions: {
        ...subscriptions,
        of: (...asked: Parameters<typeof subscriptions.of>) => {
          if (asked.includes(UNDECIDED)) throw new TypeError("the router's own mistake");
          return subscriptions.of(...asked);
        },
      },
    },
    effects,
    payloads: { name: "none", put: () => NEVER, get: () => NEVER },
    now: () => 0,
  };
  const router = recordRouter(runtime, records, () => undefined);
  const route = (index: number) => {
    const record = records[index];
    if (record === undefined) throw new RangeError("no such record");
    return router(record);
  };
  return { route, events, position: (n: number) => lane.position(n) };
}

test("the next large frame's messages are made while those before are on their way, and the first is sent while the position is written", async () => {
  const { route, events, position } = routerUnderTest();
  for (const index of [0, 1]) expect(await route(index)).toMatchObject({ kind: "routed" });
  expect(events).toEqual([
    `learnt ${position(5)}`,
    `sent ${position(1)}`,
    `begun ${position(5)}`,
    `written ${position(4)}`,
    `sent ${position(5)}`,
    `written ${position(8)}`,
  ]);
});

test("nothing is sent ahead of messages that are parked", async () => {
  const trouble = { reason: "queue-unavailable", error: "" } as const;
  const { route, events, position } = routerUnderTest({
    sent: { kind: "trouble", trouble, unsent: [] },
  });
  for (const index of [0, 1]) expect(await route(index)).toMatchObject({ kind: "routed" });
  expect(events.filter((event) => event.startsWith("begun"))).toEqual([]);
  expect(events).toContain(`parked ${position(1)}`);
});

test("nothing is sent ahead of a frame's position when one of its changes was parked without an author", async () => {
  const { route, events, position } = routerUnderTest({ more: { user: null } });
  for (const index of [0, 1]) expect(await route(index)).toMatchObject({ kind: "routed" });
  expect(events.filter((event) => event.startsWith("begun"))).toEqual([]);
  expect(events).toContain(`parked ${position(5)}`);
  expect(events).toContain(`learnt ${position(6)}`);
});

test("nothing is sent ahead behind or in a frame of which the router cannot decide a change", async () => {
  const more = { table: `shop.${UNDECIDED}` };
  const behind = routerUnderTest({ more });
  const within = routerUnderTest({ second: (lane) => lane.frame([...large(), more]) });
  for (const { route, events, position } of [behind, within]) {
    for (const index of [0, 1]) expect(await route(index)).toMatchObject({ kind: "routed" });
    expect(events.filter((event) => event.startsWith("begun"))).toEqual([]);
    expect(events).toContain(`sent ${position(1)}`);
  }
  expect(behind.events).toContain(`parked ${behind.position(5)}`);
  expect(within.events).toContain(`parked ${within.position(9)}`);
});

test("nothing is sent ahead of frames that are missing, nor of another lane", async () => {
  const { route, events } = routerUnderTest({
    second: (lane) => {
      lane.frame(large());
      return lane.frame(large());
    },
  });
  await route(0);
  await expect(route(1)).rejects.toThrow(GapError);
  expect(events.filter((event) => event.startsWith("begun"))).toEqual([]);

  const other = routerUnderTest({ second: () => new TestLane(1, 2).frame(large()) });
  await other.route(0);
  expect(other.events.filter((event) => event.startsWith("begun"))).toEqual([]);
});

test("nothing is sent ahead of a frame that lacks an author", async () => {
  const { route, events, position } = routerUnderTest({ change: { user: null } });
  for (const index of [0, 1]) expect(await route(index)).toMatchObject({ kind: "routed" });
  expect(events.filter((event) => event.startsWith("begun"))).toEqual([]);
  expect(events).toContain(`parked ${position(5)}`);
});

test("when a position cannot be written, the frame fails once nothing is under way", async () => {
  const { promise: answer, resolve } = Promise.withResolvers<void>();
  const { route, events, position } = routerUnderTest({
    answer: answer.then(() => void events.push("answered")),
    onWrite: () => Promise.reject(new Error("the table is not available")),
  });
  const routed = route(0).catch((error: unknown) => events.push(String(error)));
  await expect.poll(() => events).toContain(`begun ${position(5)}`);
  for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate);
  resolve();
  await routed;
  expect(events.slice(-2)).toEqual(["answered", "Error: the table is not available"]);
});

test("a frame that fails before its messages are needed waits until nothing is under way", async () => {
  const { promise: answer, resolve } = Promise.withResolvers<void>();
  const { route, events, position } = routerUnderTest({
    answer: answer.then(() => void events.push("answered")),
    second: (lane) => withDropped(lane.frame(large())),
  });
  await route(0);
  expect(events).toContain(`begun ${position(5)}`);
  const routed = route(1).catch((error: unknown) => events.push(String(error)));
  for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate);
  resolve();
  await routed;
  expect(events.slice(-2)).toEqual(["answered", "Error: the orders' table is not available"]);
});
