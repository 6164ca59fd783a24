import { describe, expect, it } from "vitest";
import { changesOf, splitByPosition } from "../../../client/change.ts";
import { change, message, positionAt } from "../../support/client/messages.ts";

describe("a message's changes", () => {
  it("have a position in the message's epoch and their table's full name", () => {
    const changes = changesOf(message([4, 9], { epoch: 3 }));
    expect(changes.map(({ position, table }) => [position, table])).toEqual([
      [positionAt(4, 3), "shop.orders"],
      [positionAt(9, 3), "shop.orders"],
    ]);
  });

  it("form one unit when they share a position", () => {
    const moved = [change(4, { op: "d" }), change(4, { op: "c" }), change(9)];
    const units = splitByPosition(changesOf({ ...message([4, 9]), changes: moved }));
    expect(units.map((unit) => unit.map(({ op }) => op))).toEqual([["d", "c"], ["c"]]);
  });
});
