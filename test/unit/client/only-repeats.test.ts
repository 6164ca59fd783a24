import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { MessageInfo } from "../../../client/events.ts";
import type { HeldMessage } from "../../../client/held-message.ts";
import { Reporter } from "../../../client/reporter.ts";

const owner = { environment: "staging", subscriber: "billing" };
const held: HeldMessage = {
  id: "m1",
  group: "shop.orders",
  body: "",
  receiveCount: 1,
  receiptHandle: "",
  heldUntil: Infinity,
  longestUntil: Infinity,
  lost: new AbortController(),
};
const REPEAT = { kind: "repeat", changes: 3 } as const;
const HANDLED = { kind: "handled", info: {} as MessageInfo, durationMs: 1 } as const;

/** A reporter, its reports, and functions that give it repeated and handled messages. */
function watch() {
  const said: unknown[] = [];
  const reporter = new Reporter({ onOnlyRepeats: (info) => void said.push(info) }, owner);
  const repeat = (times: number): void => {
    for (let n = 0; n < times; n++) reporter.done(REPEAT, held);
  };
  return { said, repeat, handled: () => reporter.done(HANDLED, held), reporter };
}

describe("a subscription that receives only repeats", () => {
  beforeEach(() => void vi.useFakeTimers());

  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  it("counts each repeat", () => {
    const counted: unknown[] = [];
    const reporter = new Reporter({ onRepeat: (repeat) => void counted.push(repeat) }, owner);
    reporter.done(REPEAT, held);
    reporter.done(REPEAT, held);
    const message = { group: "shop.orders", messageId: "m1", receiveCount: 1 };
    expect(counted).toEqual([
      { ...owner, ...message, changes: 3, total: 1 },
      { ...owner, ...message, changes: 3, total: 2 },
    ]);
    reporter.dispose();
  });

  it("reports this once, after a minute", () => {
    const { said, repeat } = watch();
    repeat(40);
    vi.advanceTimersByTime(59_000);
    expect(said).toEqual([]);
    vi.advanceTimersByTime(1000);
    const latest = { group: "shop.orders", messageId: "m1", receiveCount: 1 };
    expect(said).toEqual([{ ...owner, repeats: 40, durationMs: 60_000, latest }]);
    repeat(100);
    vi.advanceTimersByTime(600_000);
    expect(said).toHaveLength(1);
  });

  it("reports this when the repeats arrive one by one", () => {
    const { said, repeat } = watch();
    for (let n = 1; n <= 10; n++) {
      expect(said).toEqual([]);
      repeat(1);
      vi.advanceTimersByTime(30_000);
    }
    expect(said).toHaveLength(1);
  });

  it("does not report a few repeats after a crash, or repeats between handled messages", () => {
    const { said, repeat, handled } = watch();
    repeat(9);
    vi.advanceTimersByTime(600_000);
    handled();
    for (let n = 0; n < 100; n++) {
      repeat(20);
      vi.advanceTimersByTime(50_000);
      handled();
    }
    vi.advanceTimersByTime(600_000);
    expect(said).toEqual([]);
  });

  it("reports this again only after another message was handled", () => {
    const { said, repeat, handled } = watch();
    repeat(10);
    vi.advanceTimersByTime(60_000);
    handled();
    expect(said).toHaveLength(1);
    repeat(10);
    vi.advanceTimersByTime(60_000);
    expect(said).toHaveLength(2);
  });

  it("prints what happened, what it means and what to check when it has no callback", () => {
    const print = vi.spyOn(console, "error").mockReturnValue();
    const reporter = new Reporter({}, owner);
    for (let n = 0; n < 12; n++) reporter.done(REPEAT, held);
    vi.advanceTimersByTime(60_000);
    expect(print).toHaveBeenCalledOnce();
    const [line] = print.mock.calls[0] as [string];
    expect(line).toMatch(/billing\/staging.*60 s.*12 .*repeats.*FramesRepeated.*deletion/s);
  });

  it("reports nothing after it has ended", () => {
    const { said, repeat, reporter } = watch();
    repeat(10);
    reporter.dispose();
    vi.advanceTimersByTime(60_000);
    expect(said).toEqual([]);
  });
});
