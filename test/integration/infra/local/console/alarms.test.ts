import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { LiveCause } from "../../../../support/console/live/cause.ts";
import { ALL, QUICK } from "../../../../support/console/live/causes.ts";
import { prepareXa } from "../../../../support/console/live/reader-causes.ts";
import { LiveStack } from "../../../../support/console/live/live-stack.ts";
import { passRests } from "../../../../support/console/live/parked-streams.ts";

/** `ALARM_CAUSES=all` adds the causes that take a minute. */
const EVERYTHING = process.env["ALARM_CAUSES"] === "all";
const CAUSES = EVERYTHING ? ALL : QUICK;
const PATIENCE = { timeout: 240_000, interval: 100 };

let stack: LiveStack;
beforeAll(async () => {
  stack = await LiveStack.start(EVERYTHING, async ({ host, port, accounts }) => {
    const staging = accounts.find(({ environment }) => environment === "staging");
    if (staging !== undefined) {
      const { user, password } = staging;
      await prepareXa({ host, port, user, password }, "before");
    }
  });
  // A silent alarm is meaningful only after it has evaluated its periods.
  if (EVERYTHING) await vi.waitFor(() => expect(stack.undecided()).toEqual([]), PATIENCE);
});
afterAll(() => stack[Symbol.asyncDispose]());

/** The alarms that ring with a cause, as one text, so that a failure shows all of them. */
function expected({ rings, stopsAll }: LiveCause): string {
  const all = [...rings, ...(EVERYTHING && stopsAll === true ? ["Canary missing"] : [])];
  return all.toSorted().join(", ");
}

test.each(CAUSES)(
  "$name: its alarms ring, no other, and all clear",
  { timeout: 800_000 },
  async (cause) => {
    const rung = new Set<string>();
    const look = () => {
      for (const name of stack.ringing()) rung.add(name);
      return [...rung].toSorted().join(", ");
    };
    await vi.waitFor(() => expect(stack.ringing()).toEqual([]), PATIENCE);
    // The effects of the previous cause would add to this one's.
    if (EVERYTHING) await vi.waitFor(() => expect(stack.isRecovering).toBe(false), PATIENCE);
    try {
      await cause.begin(stack);
      await vi.waitFor(async () => {
        await cause.meanwhile?.(stack);
        expect(look()).toBe(expected(cause));
      }, PATIENCE);
    } finally {
      stack.isWriting = false;
      await cause.end(stack);
    }
    await vi.waitFor(async () => {
      look();
      await passRests(stack);
      expect(stack.ringing()).toEqual([]);
    }, PATIENCE);
    expect(look()).toBe(expected(cause));
  },
);
