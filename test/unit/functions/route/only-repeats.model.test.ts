import { Logger } from "@aws-lambda-powertools/logger";
import { AlarmBook, alarmDefinition, MetricStore } from "@binlog-router/local-aws/cloudwatch";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { LaneState } from "../../../../functions/delivery/lanes-table.ts";
import { routeHandler } from "../../../../functions/route/route-handler.ts";
import { ROUTE_METRICS } from "../../../../wire/metrics.ts";
import { SOURCE, TestLane } from "../../../support/functions/frames.ts";
import { rawEvent } from "../../../support/functions/invoke.ts";
import { NEW_LANE } from "../../../support/functions/new-lane.ts";
import { productionRules } from "../../../support/functions/rules-of.ts";

// Frames that count as delivered are dropped. The metrics and the alarm must tell when nothing else
// arrives, whatever arrived before and in between.

/** The frames of an invocation: a new one, one that was delivered before, or both. */
type Invocation = "new" | "repeat" | "both";

/** `silent`: the invocations that only drop frames are not reported. */
type Mistake = "silent";

const PERIOD_MS = 5 * 60_000;
const NEVER = new Promise<never>(() => undefined);
const METRIC = { namespace: "shop", dimensions: {} };
/** The alarm "Nothing but repeats" of the template. */
const ALARM = alarmDefinition({
  AlarmName: "repeats",
  Namespace: METRIC.namespace,
  MetricName: ROUTE_METRICS.onlyRepeats,
  Statistic: "Minimum",
  Period: PERIOD_MS / 1000,
  EvaluationPeriods: 2,
  ComparisonOperator: "GreaterThanThreshold",
  Threshold: 0,
  TreatMissingData: "notBreaching",
});
const rules = productionRules();

/** The route function with its lane and its metrics. */
class Routing {
  readonly book: AlarmBook;
  repeated = 0;
  readonly #store = new MetricStore();
  readonly #mistake: Mistake | null;
  readonly #written = new TestLane();
  #sent: string;
  #lane: LaneState;

  constructor(mistake: Mistake | null) {
    this.#mistake = mistake;
    this.book = new AlarmBook(this.#store, [ALARM], 0);
    this.#sent = this.#written.frame([{}]);
    this.#lane = { ...NEW_LANE, delivered: this.#written.position(1) };
  }

  async invoke(kind: Invocation, timeMs: number): Promise<void> {
    const again = kind === "new" ? [] : [this.#sent];
    const next = kind === "repeat" ? [] : [(this.#sent = this.#written.frame([{}]))];
    const count = (name: string, value: number): void => {
      if (name === ROUTE_METRICS.framesRepeated) this.repeated += value;
      if (this.#mistake === "silent" && name === ROUTE_METRICS.onlyRepeats) return;
      this.#store.put({ metric: { ...METRIC, name }, timeMs, values: [value] });
    };
    const handle = routeHandler({
      logger: new Logger({ logLevel: "SILENT" }),
      metrics: { count, milliseconds: () => undefined, publish: () => undefined },
      runtime: {
        source: SOURCE,
        rules,
        effects: {
          lookUp: () => NEVER,
          noteDropped: () => NEVER,
          findClosed: () => Promise.resolve(new Set()),
          lanes: {
            read: async () => this.#lane,
            write: async (_, state) => (this.#lane = { ...state, lane: 0, version: 1 }),
          },
          streams: { parkBehind: () => NEVER, park: () => NEVER, forget: () => NEVER },
          sender: { send: async () => ({ kind: "sent" }) },
        },
        payloads: { name: "", put: () => NEVER, get: () => NEVER },
        now: () => timeMs,
      },
    });
    const answer = await handle(rawEvent([...again, ...next]), {
      getRemainingTimeInMillis: () => 0,
    });
    expect(answer.batchItemFailures).toEqual([]);
  }
}

/** Whether the alarm must ring: the last two periods with frames had nothing but repeats. */
function mustRing(periods: readonly (readonly Invocation[])[]): boolean {
  // CloudWatch looks for the two within four periods.
  const busy = periods.slice(-4).filter((invocations) => invocations.length > 0);
  const latest = busy.slice(-2);
  return (
    latest.length === 2 && latest.every((all) => all.every((invocation) => invocation === "repeat"))
  );
}

const invocations = fc.oneof(
  fc.array(fc.constantFrom<Invocation[]>("new", "repeat", "both"), { maxLength: 3 }),
  fc.array(fc.constant<Invocation>("repeat"), { minLength: 1, maxLength: 3 }),
);

const isTold = (mistake: Mistake | null) =>
  fc.asyncProperty(fc.array(invocations, { maxLength: 8 }), async (periods) => {
    const route = new Routing(mistake);
    for (const [number, period] of periods.entries()) {
      const timeMs = number * PERIOD_MS;
      for (const invocation of period) await route.invoke(invocation, timeMs);
      route.book.evaluate(timeMs + PERIOD_MS);
      const rings = route.book.ringing().length > 0;
      expect(rings).toBe(number >= 1 && mustRing(periods.slice(0, number + 1)));
    }
    const dropped = periods.flat().filter((invocation) => invocation !== "new");
    expect(route.repeated).toBe(dropped.length);
  });

/** The seed is random, and fast-check prints it with what it found. */
const numRuns = 100;

test("the alarm rings whenever nothing but repeats arrives, and only then; each repeat is counted", async () => {
  await fc.assert(isTold(null), { numRuns });
});

test("the model finds that repeats are not reported", async () => {
  expect((await fc.check(isTold("silent"), { numRuns })).failed).toBe(true);
});
