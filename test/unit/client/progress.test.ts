import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatPosition } from "../../../wire/position.ts";
import { BEGINNING, markKeyOf, progressOf } from "../../../client/progress.ts";

const at = (offset: number, epoch = 1): string =>
  formatPosition({ epoch, file: 1, offset, row: 0 });
const message = (first: number, last: number, epoch = 1) => ({
  group: "shop.orders",
  first: at(first, epoch),
  last: at(last, epoch),
});

const markAt = (offset: number) => ({ key: "own mark", position: at(offset) });

describe("the key of a message's own mark", () => {
  it("is the same for the same body in the same group only", () => {
    const keys = [markKeyOf("a", "1"), markKeyOf("a", "2"), markKeyOf("b", "1")];
    expect(new Set(keys).size).toBe(3);
    expect(markKeyOf("a", "1")).toBe(keys[0]);
  });
});

describe("what is left to do of a message", () => {
  it("is everything when nothing is known of its group", () => {
    expect(progressOf(message(10, 20), { group: undefined, mark: undefined })).toEqual({
      kind: "pending",
      done: BEGINNING,
      keys: ["shop.orders"],
    });
  });

  it("is nothing when its group has passed its last change", () => {
    const stored = { group: at(20), mark: undefined };
    expect(progressOf(message(10, 20), stored)).toEqual({ kind: "repeat" });
  });

  it("is the rest when its group stands inside it", () => {
    const progress = progressOf(message(10, 20), { group: at(15), mark: undefined });
    expect(progress).toEqual({ kind: "pending", done: at(15), keys: ["shop.orders"] });
  });

  it("is everything again in a new epoch, however low its coordinates are", () => {
    const progress = progressOf(message(1, 2, 2), { group: at(900), mark: undefined });
    expect(progress).toMatchObject({ kind: "pending", done: at(900) });
    expect(message(1, 2, 2).first > at(900)).toBe(true);
  });

  it("goes by the message's own mark when its group passed it by way of the dead-letter queue", () => {
    const returned = message(10, 20);
    const progress = progressOf(returned, { group: at(90), mark: markAt(14) });
    expect(progress).toEqual({ kind: "pending", done: at(14), keys: ["own mark"] });
  });

  it("is nothing when the mark says that it was handled", () => {
    const progress = progressOf(message(10, 20), { group: at(90), mark: markAt(20) });
    expect(progress).toEqual({ kind: "repeat" });
  });

  it("moves both the group and the mark while the group has not passed it", () => {
    const again = message(10, 20);
    expect(progressOf(again, { group: at(12), mark: markAt(5) })).toEqual({
      kind: "pending",
      done: at(12),
      keys: ["own mark", "shop.orders"],
    });
  });

  it("never begins before what is known to be handled, nor after it", () => {
    const position = fc.integer({ min: 0, max: 30 });
    const known = fc.option(
      position.map((offset) => at(offset)),
      { nil: undefined },
    );
    fc.assert(
      fc.property(known, known, (group, mark) => {
        const progress = progressOf(message(10, 20), {
          group,
          mark: mark === undefined ? mark : { key: "own mark", position: mark },
        });
        if (progress.kind === "repeat") {
          expect((group ?? "") >= at(20) || (mark ?? "") >= at(20)).toBe(true);
        } else {
          expect([group ?? BEGINNING, mark ?? BEGINNING]).toContain(progress.done);
          expect(progress.done < at(20)).toBe(true);
        }
      }),
    );
  });
});
