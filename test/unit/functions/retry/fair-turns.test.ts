import { SeededRandom } from "@binlog-router/local-aws/seeded-random";
import { describe, expect, test } from "vitest";
import { parseStream, streamText, type Stream } from "../../../../functions/failures/stream.ts";
import { FairTurns } from "../../../../functions/retry/fair-turns.ts";

/** Turns that run at once, and the time in which an invocation begins new ones, milliseconds. */
const PLACES = 8;
const WORKS_MS = 43_000;
/** Durations of a turn at a silent queue and at a queue with more to deliver, milliseconds. */
const SILENT_MS = 10_000;
const TURN_MS = 5000;

/** The group of stream `queue/0/<environment>-<number>`: its environment. */
const groupOf = ({ name }: Stream): string => name.split("-")[0] ?? "";

interface Begun {
  readonly stream: string;
  readonly atMs: number;
}

/**
 * Runs one invocation. Returns the turns begun, with their times. `work` returns a turn's duration
 * and whether the stream needs another turn.
 */
function invoke(
  streams: readonly string[],
  work: (stream: string) => { readonly ms: number; readonly goesOn: boolean },
): Begun[] {
  const turns = new FairTurns(streams.map(parseStream), groupOf);
  const begun: Begun[] = [];
  const ends: { readonly atMs: number; readonly end: () => void }[] = [];
  let nowMs = 0;
  while (nowMs < WORKS_MS) {
    while (ends.length < PLACES) {
      const turn = turns.next();
      if (turn === undefined) break;
      const stream = streamText(turn.stream);
      begun.push({ stream, atMs: nowMs });
      const { ms, goesOn } = work(stream);
      ends.push({ atMs: nowMs + ms, end: () => turn.end(ms, goesOn) });
    }
    ends.sort((one, other) => one.atMs - other.atMs);
    const first = ends.shift();
    if (first === undefined) break;
    nowMs = first.atMs;
    first.end();
  }
  return begun;
}

function names(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, n) => `queue/0/${prefix}-${n}`);
}

const timesOf = (begun: readonly Begun[], prefix: string) =>
  begun.filter(({ stream }) => stream.startsWith(`queue/0/${prefix}-`)).map(({ atMs }) => atMs);

describe("turns of streams that are due", () => {
  test("are not used up by one environment's silent queues, however many there are", () => {
    const silent = names("staging", 200);
    const begun = invoke([...silent, ...names("test", 3), "queue/0/production-0"], (stream) =>
      stream.startsWith("queue/0/staging")
        ? { ms: SILENT_MS, goesOn: false }
        : { ms: TURN_MS, goesOn: true },
    );
    expect(timesOf(begun, "production")).toEqual([
      0, 5000, 10_000, 15_000, 20_000, 25_000, 30_000, 35_000, 40_000,
    ]);
    // This environment, one of three, gets a third of the places.
    const tests = timesOf(begun, "test");
    expect(tests.slice(0, 3)).toEqual([0, 0, 0]);
    expect(tests.length).toBeGreaterThan(20);
    // The silent queues get the remaining places.
    expect(timesOf(begun, "staging").length).toBeGreaterThan(12);
  });

  test("reach each of many environments within one invocation, the longest waiting first", () => {
    const environments = Array.from({ length: 30 }, (_, n) => `e${n}`);
    const streams = environments.flatMap((environment) => names(environment, 5));
    const begun = invoke(streams, () => ({ ms: SILENT_MS, goesOn: false }));
    const first = environments.map((environment) => timesOf(begun, environment)[0]);
    expect(first).toEqual(environments.map((_, n) => Math.floor(n / PLACES) * SILENT_MS));
  });

  test("alternate between an environment's queues, and within a queue between its lanes", () => {
    const lanes = ["queue/0/a-1", "queue/1/a-1", "queue/2/a-1", "queue/0/a-2", "raw/0/m-1"];
    const turns = new FairTurns(lanes.map(parseStream), groupOf);
    const order = lanes.map(() => streamText(turns.next()?.stream ?? parseStream("raw/0/none")));
    expect(order).toEqual([
      "queue/0/a-1",
      "raw/0/m-1",
      "queue/0/a-2",
      "queue/1/a-1",
      "queue/2/a-1",
    ]);
    expect(turns.next()).toBeUndefined();
  });

  test.each([1, 2, 3, 4, 5])(
    "reach every stream, one turn of a stream at a time, seed %i",
    (seed) => {
      const random = new SeededRandom(seed);
      console.log(`seed ${seed}`);
      const streams = Array.from(
        { length: 1 + random.below(60) },
        (_, n) => `queue/${n}/e${random.below(6)}-${random.below(4)}`,
      );
      const left = new Map(streams.map((stream) => [stream, 1 + random.below(3)]));
      const turns = new FairTurns(streams.map(parseStream), groupOf);
      const open: { readonly stream: string; readonly end: (goesOn: boolean) => void }[] = [];
      for (;;) {
        const turn = open.length < PLACES ? turns.next() : undefined;
        if (turn !== undefined) {
          const stream = streamText(turn.stream);
          expect(open.map((other) => other.stream)).not.toContain(stream);
          left.set(stream, (left.get(stream) ?? 0) - 1);
          open.push({ stream, end: (goesOn) => turn.end(random.below(100), goesOn) });
          continue;
        }
        const [ended] = open.splice(random.below(Math.max(1, open.length)), 1);
        if (ended === undefined) break;
        ended.end((left.get(ended.stream) ?? 0) > 0);
      }
      expect([...left.values()].every((count) => count === 0)).toBe(true);
    },
  );
});
