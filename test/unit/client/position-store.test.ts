import { describe, expect, it } from "vitest";
import { MemoryPositionStore } from "../../../client/position-store.ts";
import { positionAt } from "../../support/client/messages.ts";

describe("positions in memory", () => {
  it("are unknown at first", async () => {
    expect(await new MemoryPositionStore().load("shop.orders")).toBeUndefined();
  });

  it("never move backwards", async () => {
    const store = new MemoryPositionStore();
    await store.save("shop.orders", positionAt(9));
    await store.save("shop.orders", positionAt(4));
    expect(await store.load("shop.orders")).toBe(positionAt(9));
  });

  it("are forgotten for the groups handled longest ago, so that memory stays bounded", async () => {
    const store = new MemoryPositionStore();
    for (let group = 0; group < 100_001; group++) await store.save(`g${group}`, positionAt(1));
    expect(await store.load("g0")).toBeUndefined();
    expect(await store.load("g1")).toBe(positionAt(1));
  });
});
