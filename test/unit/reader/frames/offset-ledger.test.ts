import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { OffsetLedger, type LedgerEntry } from "../../../../reader/frames/offset-ledger.ts";

const boundary = (n: number) => ({
  gtids: [`3e11fa47-71ca-11e1-9e33-c80aa9429562:${n}`],
  file: "bin.000001",
  offset: n,
  run: 1,
  committedMs: n,
});

describe("OffsetLedger", () => {
  test("moves at once past transactions that no frame carries", () => {
    const ledger = new OffsetLedger();
    ledger.boundary(boundary(1));
    ledger.boundary(boundary(2));
    expect(ledger.take()).toMatchObject({
      offset: 2,
      gtids: "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-2",
    });
    expect(ledger.take()).toBeNull();
  });

  test("keeps the offset until the oldest frame is acknowledged", () => {
    const ledger = new OffsetLedger();
    const first = ledger.open();
    ledger.boundary(boundary(1));
    const second = ledger.open();
    ledger.boundary(boundary(2));
    ledger.acknowledge(second);
    expect(ledger.take()).toBeNull();
    ledger.acknowledge(first);
    expect(ledger.take()).toMatchObject({ offset: 2 });
    expect(ledger.settled).toBe(true);
  });

  test("does not pass a transaction that is cut between an acknowledged and an open frame", () => {
    const ledger = new OffsetLedger();
    const first = ledger.open(); // the transaction begins here …
    const second = ledger.open(); // … and ends here
    ledger.acknowledge(first);
    ledger.boundary(boundary(1));
    expect(ledger.take()).toBeNull();
    ledger.acknowledge(second);
    expect(ledger.take()).toMatchObject({ offset: 1 });
  });

  test("never passes a boundary before every frame opened before it, in any order of acknowledgements", () => {
    const step = fc.oneof(
      fc.constant({ kind: "open" } as const),
      fc.constant({ kind: "boundary" } as const),
      fc.record({ kind: fc.constant("acknowledge" as const), which: fc.nat() }),
      fc.constant({ kind: "take" } as const),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const ledger = new OffsetLedger();
        const pending = new Map<LedgerEntry, number>(); // frame → boundaries passed when it was opened
        let passed = 0;
        let reached = 0;
        for (const action of steps) {
          if (action.kind === "open") pending.set(ledger.open(), passed);
          else if (action.kind === "boundary") ledger.boundary(boundary(++passed));
          else if (action.kind === "acknowledge") {
            const entry = [...pending.keys()][action.which % Math.max(1, pending.size)];
            if (entry !== undefined) {
              ledger.acknowledge(entry);
              pending.delete(entry);
            }
          } else reached = ledger.take()?.offset ?? reached;
          expect(reached).toBeLessThanOrEqual(Math.min(passed, ...pending.values()));
        }
        for (const entry of pending.keys()) ledger.acknowledge(entry);
        expect(ledger.take()?.offset ?? reached).toBe(passed);
      }),
    );
  });
});
