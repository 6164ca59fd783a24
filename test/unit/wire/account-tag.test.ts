import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { tagOf, userOf, userOfGtid } from "../../../wire/account-tag.ts";

describe("the tag of a user name", () => {
  test.each([
    ["app_staging", "br_app_staging"],
    ["App-Prod.2", "br_zuappzhzuprodzd2"],
    ["zoe@home", "br_zzoezthome"],
    ["jürgen", "br_jzxc3bc_rgen"],
    ["_", "br__"],
  ])("encodes %s as %s, and is decoded again", (user, tag) => {
    expect(tagOf(user)).toBe(tag);
    expect(userOf(tag)).toBe(user);
    expect(userOfGtid(`2ede0cc2-e519-11f1-9f06-02fc00000001:${tag}:7`)).toBe(user);
  });

  test("does not exist for the empty name and for a name that is too long", () => {
    expect(tagOf("")).toBeNull();
    expect(tagOf("a".repeat(29))).not.toBeNull();
    expect(tagOf("a".repeat(30))).toBeNull();
    expect(tagOf("Ä".repeat(5))).toBeNull();
  });

  test("names one user, whatever characters a name has", () => {
    const sign = fc.oneof(
      fc.constantFrom("a", "y", "z", "A", "Z", "0", "_", "-", ".", "@", "%", "'", " ", "x"),
      fc.string({ minLength: 1, maxLength: 1, unit: "grapheme" }),
    );
    const names = fc.array(sign, { minLength: 1, maxLength: 10 }).map((signs) => signs.join(""));
    fc.assert(
      fc.property(names, (user) => {
        const tag = tagOf(user);
        fc.pre(tag !== null);
        expect(tag).toMatch(/^[a-z_][a-z0-9_]{0,31}$/);
        expect(userOf(tag)).toBe(user);
      }),
      { numRuns: 2000 },
    );
  });

  test("names no user when binlog-router did not make it", () => {
    const tag = fc.stringMatching(/^[a-z_][a-z0-9_]{0,31}$/);
    const anyTag = fc.oneof(
      tag,
      tag.map((text) => `br_${text}`.slice(0, 32)),
    );
    fc.assert(
      fc.property(anyTag, (text) => {
        const user = userOf(text);
        expect(user === null ? null : tagOf(user)).toBe(user === null ? null : text);
      }),
      { numRuns: 2000 },
    );
    for (const other of ["mysqlsh", "app_staging", "br", "br_", "br_z", "br_zx61_", "br_zxff_"])
      expect(userOf(other)).toBeNull();
    expect(userOfGtid("2ede0cc2-e519-11f1-9f06-02fc00000001:7")).toBeNull();
    expect(userOfGtid(null)).toBeNull();
  });
});
