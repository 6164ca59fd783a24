import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  InFlightFrames,
  type InFlightFrame,
  type Progress,
} from "../../../../reader/frames/in-flight-frames.ts";
import type { Boundary } from "../../../../reader/transactions/transaction.ts";

const SOURCE = "3e11fa47-71ca-11e1-9e33-c80aa9429562";

const boundary = (n: number) => ({
  executed: { prefix: `${SOURCE}:`, number: n },
  alsoExecuted: [],
  file: "bin.000001",
  offset: n,
  run: 1,
  anchor: null,
  committedMs: n,
  keptXa: [],
});

/** What the offset says of a boundary. */
function sayings(passed: Boundary): Partial<Progress> {
  const { executed: _, alsoExecuted: _also, ...said } = passed;
  return said;
}

const transaction = {
  gtid: "a:1",
  file: "bin.000001",
  fileNumber: 1,
  start: 4,
  thread: 8,
  run: 1,
  serverId: 1,
  committedUs: 6,
};

/** What the offset says after a boundary whose anchor is the transaction before it. */
const progressAt = (n: number) => ({
  offset: n,
  run: 1,
  committedMs: n,
  anchor: { file: "bin.000001", start: n, begunS: null, gtid: `a:${n}`, committedUs: n },
});

describe("InFlightFrames", () => {
  test("moves the offset at once past transactions that no frame carries", () => {
    const frames = new InFlightFrames();
    frames.boundary(boundary(1));
    frames.boundary(boundary(2));
    expect(frames.take().progress).toMatchObject({
      offset: 2,
      gtids: "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-2",
    });
    expect(frames.take().progress).toBeNull();
  });

  // The reader uses the boundary and its anchor again for the next one.
  test("keeps what a boundary and its anchor say during the call", () => {
    const frames = new InFlightFrames();
    const anchor = { file: "bin.000001", start: 0, begunS: null, gtid: "a:0", committedUs: 0 };
    const reused = { ...boundary(0), anchor };
    const pass = (n: number): void => {
      Object.assign(anchor, { start: n, gtid: `a:${n}`, committedUs: n });
      frames.boundary(Object.assign(reused, boundary(n), { anchor }));
    };
    pass(1);
    const first = frames.open();
    pass(2);
    const second = frames.open();
    pass(3);
    const before = frames.take().progress;
    frames.acknowledge(first);
    pass(4);
    expect(before).toMatchObject(progressAt(1));
    expect(frames.take().progress).toMatchObject({ ...progressAt(2), gtids: `${SOURCE}:2-2` });
    frames.acknowledge(second);
    expect(frames.take().progress).toMatchObject({ ...progressAt(4), gtids: `${SOURCE}:3-4` });
  });

  test("says nothing of the boundaries before the last one", () => {
    const frames = new InFlightFrames();
    const anchor = { file: "bin.000001", start: 4, begunS: 5, gtid: "a:1", committedUs: 6 };
    const readTo = { fileNumber: 1, offset: 9 };
    const earlier = {
      ...boundary(1),
      anchor,
      held: { by: { xid: "61..1", gtid: "a:1", preparedMs: 6 }, readTo },
      keptXa: [{ xid: "62..1", transaction, key: "xa/1" }],
      names: { present: [], past: [] },
    };
    const later = { ...boundary(2), anchor: { ...anchor, begunS: null }, run: 2 };
    frames.boundary(earlier);
    expect(frames.take().progress).toMatchObject(sayings(earlier));
    frames.boundary(earlier);
    frames.boundary(later);
    expect(frames.take().progress).toEqual({ ...sayings(later), gtids: `${SOURCE}:1-2` });
  });

  test("keeps the offset until the oldest frame is acknowledged", () => {
    const frames = new InFlightFrames();
    const first = frames.open();
    frames.boundary(boundary(1));
    const second = frames.open();
    frames.boundary(boundary(2));
    frames.acknowledge(second);
    expect(frames.take().progress).toBeNull();
    frames.acknowledge(first);
    expect(frames.take().progress).toMatchObject({ offset: 2 });
    expect(frames.settled).toBe(true);
  });

  test("keeps the offset before a transaction that is split between an acknowledged and an open frame", () => {
    const frames = new InFlightFrames();
    const first = frames.open(); // the transaction begins here …
    const second = frames.open(); // … and ends here
    frames.acknowledge(first);
    frames.boundary(boundary(1));
    expect(frames.take().progress).toBeNull();
    frames.acknowledge(second);
    expect(frames.take().progress).toMatchObject({ offset: 1 });
  });

  test("saves a snapshot's chunk when the frames before its boundary are acknowledged", async () => {
    const frames = new InFlightFrames();
    const numbers = { file: "bin.000001", offset: 1, next: 5 };
    const progress = {
      id: "a",
      tables: ["shop.a"],
      tableIndex: 0,
      keyName: "id",
      lastKey: ["7"],
      rowsOfTable: 7,
      rows: 7,
      chunks: 1,
      parts: 4,
      rereads: 0,
    };
    frames.boundary(boundary(1));
    const rows = frames.open();
    frames.snapshot({ numbers, progress });
    const events: string[] = [];
    const sent = frames.sent().then(() => events.push("sent"));
    expect(frames.take()).toMatchObject({ progress: { offset: 1 }, steps: [] });
    frames.acknowledge(frames.open());
    await new Promise(setImmediate);
    events.push("acknowledged");
    frames.acknowledge(rows);
    await sent;
    expect(events).toEqual(["acknowledged", "sent"]);
    await frames.sent();
    expect(frames.take()).toEqual({ progress: null, steps: [{ numbers, progress }] });
  });

  test("does not count a snapshot's rows in flight as waiting changes", () => {
    const frames = new InFlightFrames();
    const first = frames.open();
    frames.change();
    const rows = frames.open();
    expect(frames.areChangesSettled).toBe(false);
    frames.acknowledge(first);
    expect([frames.areChangesSettled, frames.settled]).toEqual([true, false]);
    frames.acknowledge(rows);
    expect(frames.settled).toBe(true);
  });

  test("passes a boundary only after every frame opened before it, in any order of acknowledgements", () => {
    const step = fc.oneof(
      fc.constant({ kind: "open" } as const),
      fc.constant({ kind: "boundary" } as const),
      fc.record({ kind: fc.constant("acknowledge" as const), which: fc.nat() }),
      fc.constant({ kind: "take" } as const),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const frames = new InFlightFrames();
        // The number of boundaries before each open frame.
        const pending = new Map<InFlightFrame, number>();
        let passed = 0;
        let reached = 0;
        for (const action of steps) {
          if (action.kind === "open") pending.set(frames.open(), passed);
          else if (action.kind === "boundary") frames.boundary(boundary(++passed));
          else if (action.kind === "acknowledge") {
            const frame = [...pending.keys()][action.which % Math.max(1, pending.size)];
            if (frame !== undefined) {
              frames.acknowledge(frame);
              pending.delete(frame);
            }
          } else reached = frames.take().progress?.offset ?? reached;
          expect(reached).toBeLessThanOrEqual(Math.min(passed, ...pending.values()));
        }
        for (const frame of pending.keys()) frames.acknowledge(frame);
        expect(frames.take().progress?.offset ?? reached).toBe(passed);
      }),
    );
  });
});
