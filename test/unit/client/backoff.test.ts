import { describe, expect, it } from "vitest";
import { exponentialBackoff } from "../../../client/options.ts";

describe("back-off", () => {
  it("doubles from one second to 15 minutes", () => {
    const seconds = [1, 2, 3, 10, 11, 1000].map((count) => exponentialBackoff(count, () => 0));
    expect(seconds).toEqual([1, 2, 4, 512, 900, 900]);
  });

  it("is up to a quarter shorter at random", () => {
    expect(exponentialBackoff(5, () => 1)).toBe(12);
  });
});
