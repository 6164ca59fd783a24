import { SeededRandom } from "@binlog-router/local-aws/seeded-random";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { lastOf, type StreamState } from "../../../../functions/failures/parked.ts";
import type { DrainItems } from "../../../../functions/failures/retry-items.ts";
import { queueStream } from "../../../../functions/failures/stream.ts";
import { BACKOFF, drain, type Drained } from "../../../../functions/retry/drain.ts";
import { parkedRecord } from "../../../support/functions/parked-record.ts";

const STREAM = queueStream(0, "shop-billing-production.fifo");
/** Durations of requests within a region, milliseconds. */
const SQS_MS = 10;
const DYNAMODB_MS = 7;
/** Frames per second of one lane for one queue: nearly the most that the reader sends. */
const FRAMES_PER_SECOND = 45;
/**
 * The shortest and the longest invocation of route, milliseconds. Each parks the frames that have
 * arrived meanwhile and moves the tail once.
 */
const ROUTE_MS = [25, 60] as const;
/** The time that an invocation of retry works in each minute, milliseconds. */
const WORKS_MS = 43_000;
const MINUTE_MS = 60_000;

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

function keyOf(number: number): string {
  const position = String(number).padStart(9, "0");
  return `${position}/${position}`;
}

/** A stream with records from 1 to the tail, whose every request to DynamoDB takes DYNAMODB_MS. */
class SlowStream {
  tail = 0;
  drained = "";
  isOpen = true;
  nextAttemptAt = 0;
  readonly resolved: string[] = [];
  /** The key of the record that cannot be marked as resolved; null when all can. */
  unresolvable: string | null = null;

  get state(): StreamState {
    return {
      stream: STREAM,
      status: this.isOpen ? "open" : "closed",
      head: "",
      tail: lastOf(keyOf(this.tail)),
      life: null,
      drained: this.drained,
      attempts: 0,
      begun: 1,
      nextAttemptAt: this.nextAttemptAt,
      isAsked: false,
      openedAt: 0,
      lastFailureAt: 0,
      trouble: { reason: "throttled", error: "" },
    };
  }

  readonly items: DrainItems = {
    claim: async () => {
      await pause(DYNAMODB_MS);
      return this.isOpen ? this.state : null;
    },
    read: async () => {
      await pause(DYNAMODB_MS);
      return this.state;
    },
    next: async (_stream, after, tail) => {
      await pause(DYNAMODB_MS);
      const first = after === "" ? 1 : Number(lastOf(after)) + 1;
      const count = Math.max(0, Number(tail) - first + 1);
      return Array.from({ length: count }, (_, n) =>
        parkedRecord({ stream: STREAM, key: keyOf(first + n) }),
      );
    },
    noteFailure: () => pause(DYNAMODB_MS),
    noteProgress: async () => {
      await pause(DYNAMODB_MS);
      return true;
    },
    resolve: async ({ key }) => {
      await pause(DYNAMODB_MS);
      if (key === this.unresolvable) throw new Error("DynamoDB is away");
      this.resolved.push(key);
    },
    close: async (_stream, drained) => {
      await pause(DYNAMODB_MS);
      if (lastOf(drained) !== this.state.tail) return false;
      this.isOpen = false;
      return true;
    },
    advance: async (_claimed, drained) => {
      await pause(DYNAMODB_MS);
      this.drained = drained;
    },
    postpone: async (_claimed, { drained }) => {
      await pause(DYNAMODB_MS);
      this.drained = drained;
    },
  };
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Runs one invocation of retry under the fake clock. */
function invoke(slow: SlowStream, sent: string[], signal: AbortSignal): Promise<Drained> {
  return drain(
    STREAM,
    {
      items: slow.items,
      deliver: async ({ key }) => {
        await pause(SQS_MS);
        sent.push(key);
        return { kind: "delivered" };
      },
      backoff: BACKOFF,
      claimMs: MINUTE_MS,
      now: () => 0,
      random: () => 0,
    },
    signal,
  );
}

describe("a parked queue whose load continues", () => {
  test.each([1, 2, 3])("recovers by itself, seed %i", async (seed) => {
    const slow = new SlowStream();
    const sent: string[] = [];
    const random = new SeededRandom(seed);
    // A minute's frames were parked before retry first ran.
    slow.tail = (MINUTE_MS / 1000) * FRAMES_PER_SECOND;
    async function park(): Promise<void> {
      const [least, most] = ROUTE_MS;
      let due = slow.tail;
      while (slow.isOpen) {
        const ms = least + random.next() * (most - least);
        await pause(ms);
        due += (ms / 1000) * FRAMES_PER_SECOND;
        if (slow.isOpen) slow.tail = Math.floor(due);
      }
    }
    const parking = park();
    let minutes = 0;
    let running: Promise<Drained> | undefined;
    for (; slow.isOpen && minutes < 10; minutes++) {
      const stop = new AbortController();
      running = invoke(slow, sent, stop.signal);
      await vi.advanceTimersByTimeAsync(WORKS_MS);
      stop.abort();
      await vi.advanceTimersByTimeAsync(MINUTE_MS - WORKS_MS);
      await running;
    }
    slow.isOpen = false;
    await vi.advanceTimersByTimeAsync(1000);
    await parking;
    console.log(`seed ${seed}: ${sent.length} records in ${minutes} minutes, tail ${slow.tail}`);
    expect(minutes).toBeLessThan(10);
    expect(sent).toEqual(Array.from({ length: slow.tail }, (_, n) => keyOf(n + 1)));
    expect(slow.resolved).toEqual(sent);
  });
});

test("a record that could not be marked as resolved is delivered again with the records after it", async () => {
  const slow = new SlowStream();
  slow.tail = 40;
  slow.unresolvable = keyOf(5);
  const sent: string[] = [];
  const first = invoke(slow, sent, new AbortController().signal);
  const failure = expect(first).rejects.toThrow("DynamoDB is away");
  await vi.advanceTimersByTimeAsync(10_000);
  await failure;
  expect(slow.drained).toBe(keyOf(4));
  expect(sent.length).toBeLessThan(5 + 17);

  slow.unresolvable = null;
  sent.length = 0;
  const second = invoke(slow, sent, new AbortController().signal);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(await second).toMatchObject({ kind: "closed" });
  expect(sent[0]).toBe(keyOf(5));
  expect(sent.at(-1)).toBe(keyOf(40));
});

test.each([
  ["closes once the other record is done", "resolved", "closed"],
  ["stays open while the other record waits", "parked", "postponed"],
] as const)(
  "a stream that an earlier release left at the end of a record within another one %s",
  async (_, status, kind) => {
    const slow = new SlowStream();
    slow.tail = 10;
    const [first, third, fifth, tenth] = [1, 3, 5, 10].map((number) => lastOf(keyOf(number)));
    slow.drained = `${third}/${fifth}`;
    const records = [
      parkedRecord({ stream: STREAM, key: `${first}/${tenth}`, status }),
      parkedRecord({ stream: STREAM, key: slow.drained, status: "resolved" }),
    ];
    const next: DrainItems["next"] = async (_stream, after) =>
      records.filter(({ key }) => key > after);
    Object.assign(slow.items, { next });
    const sent: string[] = [];
    const drained = invoke(slow, sent, new AbortController().signal);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await drained).toEqual({ kind, records: 0 });
    expect(sent).toEqual([]);
  },
);
