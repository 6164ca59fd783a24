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

  it("of the messages handled longest ago are forgotten, so that memory stays bounded", async () => {
    const store = new MemoryPositionStore();
    for (let n = 0; n < 100_001; n++) await store.save(`m${n}`, positionAt(1));
    expect(await store.load("m0")).toBeUndefined();
    expect(await store.load("m1")).toBe(positionAt(1));
  });
});
