import * as fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { HeldMessage } from "../../../client/held-message.ts";
import type { MessageInfo } from "../../../client/events.ts";
import { Reporter } from "../../../client/reporter.ts";

type Step =
  | { readonly kind: "repeats"; readonly count: number }
  | { readonly kind: "handled" }
  | { readonly kind: "wait"; readonly seconds: number };

/** `silent`: repeats are dropped without a word. `each time`: the report is repeated. */
type Mistake = "silent" | "each time";

const HELD: HeldMessage = {
  id: "m1",
  group: "shop.orders",
  body: "",
  receiveCount: 1,
  receiptHandle: "",
  heldUntil: Infinity,
  longestUntil: Infinity,
  lost: new AbortController(),
};
const REPEAT = { kind: "repeat", changes: 1 } as const;
const HANDLED = { kind: "handled", info: {} as MessageInfo, durationMs: 1 } as const;
const MINUTE_S = 60;
const AT_LEAST = 10;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** What a subscription reports, by the second: each report, and the last count of repeats. */
function reportsOf(steps: readonly Step[], mistake: Mistake | null) {
  const said: number[] = [];
  let counted = 0;
  let second = 0;
  const make = (): Reporter =>
    new Reporter(
      {
        onRepeat: () => void counted++,
        onOnlyRepeats: () => void said.push(second),
      },
      { environment: "staging", subscriber: "billing" },
    );
  let reporter = make();
  for (const step of steps) {
    if (step.kind === "handled") reporter.done(HANDLED, HELD);
    else if (step.kind === "repeats" && mistake !== "silent") {
      for (let n = 0; n < step.count; n++) reporter.done(REPEAT, HELD);
    } else if (step.kind === "wait") {
      const before = said.length;
      for (let passed = 0; passed < step.seconds; passed++) {
        second++;
        vi.advanceTimersByTime(1000);
      }
      if (mistake === "each time" && said.length > before) {
        reporter.dispose();
        reporter = make();
      }
    }
  }
  reporter.dispose();
  return { said, counted };
}

/**
 * What must be reported: once, when a minute has passed since the first repeat behind the last
 * handled message, and there are ten.
 */
function expected(steps: readonly Step[]) {
  const said: number[] = [];
  let counted = 0;
  let second = 0;
  let since: number | null = null;
  let repeats = 0;
  let isSaid = false;
  const look = (): void => {
    if (since === null || isSaid || repeats < AT_LEAST || second < since + MINUTE_S) return;
    isSaid = true;
    said.push(second);
  };
  for (const step of steps) {
    if (step.kind === "handled") {
      since = null;
      repeats = 0;
      isSaid = false;
    } else if (step.kind === "repeats") {
      since ??= second;
      repeats += step.count;
      counted += step.count;
      look();
    } else {
      for (let passed = 0; passed < step.seconds; passed++) {
        second++;
        look();
      }
    }
  }
  return { said, counted };
}

const step = fc.oneof(
  fc.record({ kind: fc.constant("repeats" as const), count: fc.integer({ min: 1, max: 12 }) }),
  fc.constant<Step>({ kind: "handled" }),
  fc.record({ kind: fc.constant("wait" as const), seconds: fc.integer({ min: 1, max: 90 }) }),
);

const isTold = (mistake: Mistake | null) =>
  fc.property(fc.array(step, { maxLength: 30, size: "max" }), (steps) => {
    expect(reportsOf(steps, mistake)).toEqual(expected(steps));
  });

/** The seed is random, and fast-check prints it with what it found. */
const numRuns = 200;

test("a subscription counts each repeat, and says once whenever nothing else arrives for a minute", () => {
  fc.assert(isTold(null), { numRuns });
});

test.each<Mistake>(["silent", "each time"])("the model finds the mistake %s", (mistake) => {
  expect(fc.check(isTold(mistake), { numRuns }).failed).toBe(true);
});
