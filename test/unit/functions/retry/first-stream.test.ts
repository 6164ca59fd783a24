import { describe, expect, test } from "vitest";
import {
  lastOf,
  type ParkedRecord,
  type StreamState,
} from "../../../../functions/failures/parked.ts";
import type { DrainItems } from "../../../../functions/failures/retry-items.ts";
import {
  namedAfterLife,
  streamText,
  threadStream,
  type Stream,
} from "../../../../functions/failures/stream.ts";
import type { Drained, DrainOptions } from "../../../../functions/retry/drain.ts";
import {
  attemptKnown,
  attemptUnknown,
  UNKNOWN_BACKOFF,
} from "../../../../functions/retry/unknown-threads.ts";
import { formatPosition } from "../../../../wire/position.ts";
import { parkedRecord } from "../../../support/functions/parked-record.ts";

const FIRST = threadStream(0, { server: "server", run: 1, thread: 7 });
/** Life `a` has epoch 1, life `c` epoch 2. */
const LATE = namedAfterLife(FIRST, "a");

function keyOf(life: "a" | "c", offset: number): string {
  const position = formatPosition({ epoch: life === "a" ? 1 : 2, file: 1, offset, row: 0 });
  return `${position}/${position}/${life}`;
}

const [A1, A2, A3] = [keyOf("a", 100), keyOf("a", 200), keyOf("a", 300)];
const [C1, C2] = [keyOf("c", 50), keyOf("c", 90)];

/** Streams and their records, in memory. */
class Streams implements DrainItems {
  readonly #states = new Map<string, StreamState>();
  readonly #records = new Map<string, readonly ParkedRecord[]>();

  park(stream: Stream, keys: readonly string[], more: Partial<StreamState> = {}): void {
    const last = keys.at(-1) ?? "";
    this.#records.set(
      streamText(stream),
      keys.map((key) => parkedRecord({ stream, key })),
    );
    this.#states.set(streamText(stream), {
      stream,
      status: "open",
      head: "",
      tail: lastOf(last),
      life: last.split("/")[2] ?? null,
      drained: "",
      attempts: 0,
      begun: 1,
      nextAttemptAt: 0,
      isAsked: false,
      openedAt: 0,
      lastFailureAt: 0,
      trouble: { reason: "unattributed", error: "" },
      ...more,
    });
  }

  async read(stream: Stream): Promise<StreamState | null> {
    await turn();
    return this.#states.get(streamText(stream)) ?? null;
  }

  async claim(stream: Stream): Promise<StreamState | null> {
    const state = await this.read(stream);
    return state?.status === "open" ? state : null;
  }

  async next(stream: Stream, after: string): Promise<readonly ParkedRecord[]> {
    await turn();
    return (this.#records.get(streamText(stream)) ?? []).filter(({ key }) => key > after);
  }

  async close({ stream }: Pick<StreamState, "stream">, drained: string): Promise<boolean> {
    await this.#change(stream, { status: "closed", drained });
    return true;
  }

  async advance({ stream }: StreamState, drained: string): Promise<void> {
    await this.#change(stream, { drained });
  }

  async postpone(
    { stream }: StreamState,
    { drained, attempts, dead }: Parameters<DrainItems["postpone"]>[1],
  ): Promise<void> {
    const status = dead ? "dead" : "open";
    await this.#change(stream, { drained, attempts, status, isAsked: false });
  }

  noteFailure = turn;
  resolve = turn;

  async noteProgress(): Promise<boolean> {
    await turn();
    return true;
  }

  async #change(stream: Stream, change: Partial<StreamState>): Promise<void> {
    await turn();
    const state = this.#states.get(streamText(stream));
    if (state !== undefined) this.#states.set(streamText(stream), { ...state, ...change });
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** Options that note each delivery in `sent`; deliveries of keys in `troubled` fail. */
function attemptsOn(items: DrainItems, troubled: ReadonlySet<string> = new Set()) {
  const sent: string[] = [];
  const options: DrainOptions = {
    items,
    deliver: async ({ key }) => {
      for (let n = 0; n < 20; n++) await turn();
      if (troubled.has(key)) {
        const trouble = { reason: "throttled", error: "" } as const;
        return { kind: "failed", trouble, sent: new Set() };
      }
      sent.push(key);
      return { kind: "delivered" };
    },
    backoff: UNKNOWN_BACKOFF,
    claimMs: 60_000,
    now: () => 0,
    random: () => 0,
  };
  const { signal } = new AbortController();
  const act =
    (how: typeof attemptKnown) =>
    (stream: Stream): Promise<Drained> =>
      how(stream, options, signal);
  return { sent, known: act(attemptKnown), unknown: act(attemptUnknown) };
}

describe("a connection's changes of one life in two streams", () => {
  test.each([
    ["the first stream", [FIRST, LATE]],
    ["the stream that names the life", [LATE, FIRST]],
  ])("are delivered in order when work begins with %s", async (_name, order) => {
    const items = new Streams();
    items.park(FIRST, [A1, C1]);
    items.park(LATE, [A2, A3]);
    const { sent, known } = attemptsOn(items);
    await Promise.all(order.map(known));
    expect(sent).toEqual([A1, C1]);
    expect(await known(LATE)).toEqual({ kind: "closed", records: 2 });
    expect(sent).toEqual([A1, C1, A2, A3]);
  });

  test("wait while the first stream is in trouble, open or given up", async () => {
    for (const status of ["open", "dead"] as const) {
      const items = new Streams();
      items.park(FIRST, [A1, C1], { status });
      items.park(LATE, [A2]);
      const { sent, known } = attemptsOn(items, new Set([A1]));
      await known(FIRST);
      expect(await known(LATE)).toMatchObject({ kind: "not-due" });
      expect(sent).toEqual([]);
    }
  });

  test.each([
    ["has been drained into a later life", [A1, C1, C2], { drained: C1 }],
    ["begins with a later life", [C1, C2], { head: lastOf(C1) }],
    ["ends in a twin life", [keyOf("a", 400)], { life: "b" }],
  ])("do not wait when the first stream %s", async (_name, keys, more) => {
    const items = new Streams();
    items.park(FIRST, keys, more);
    items.park(LATE, [A2]);
    const { sent, known } = attemptsOn(items);
    expect(await known(LATE)).toMatchObject({ kind: "closed" });
    expect(sent).toEqual([A2]);
  });

  test("are not read out of order at an operator's request while the author is unknown", async () => {
    const items = new Streams();
    items.park(FIRST, [A1, C1]);
    items.park(LATE, [A2], { isAsked: true });
    const { sent, unknown } = attemptsOn(items);
    expect(await unknown(LATE)).toEqual({ kind: "postponed", records: 0 });
    expect(sent).toEqual([]);
    expect(await items.read(LATE)).toMatchObject({ attempts: 1, status: "open" });
  });
});
