import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { environmentOf } from "../../../../functions/routing/environments.ts";
import { userClaimProblems } from "../../../../config/user-claims.ts";

const of = (environments: Record<string, string[]>, otherUsers = "unrouted") =>
  environmentOf({
    environments: Object.fromEntries(
      Object.entries(environments).map(([name, users]) => [name, { users }]),
    ),
    otherUsers,
  });

describe("the environment of a user", () => {
  test("is the one that names the user exactly, before any pattern", () => {
    const environment = of({ a: ["app_*"], b: ["app_test"] });
    expect(environment("app_test", "h")).toBe("b");
    expect(environment("app_other", "h")).toBe("a");
  });

  test("is the one with the longest pattern", () => {
    const environment = of({ a: ["*"], b: ["app_*"], c: ["app_stg_*"] });
    expect(environment("app_stg_1", "h")).toBe("c");
    expect(environment("app_1", "h")).toBe("b");
    expect(environment("root", "h")).toBe("a");
  });

  test("may depend on the client's host, whose case does not matter", () => {
    const environment = of({ a: ["app@10.0.1.*"], b: ["app@10.0.2.*"], c: ["app@Build.local"] });
    expect(environment("app", "10.0.1.7")).toBe("a");
    expect(environment("app", "10.0.2.7")).toBe("b");
    expect(environment("app", "build.LOCAL")).toBe("c");
    expect(environment("app", "10.0.3.7")).toBe("unrouted");
  });

  test("depends on the host for the users with a host pattern", () => {
    const environment = of({ a: ["app@10.0.1.*"], b: ["app", "web"], c: ["web@10.*", "x_*@h"] });
    const users = ["app", "web", "x_1", "other"];
    expect(users.filter((user) => environment.dependsOnHost(user))).toEqual(["app", "web", "x_1"]);
  });

  test("depends on the letter case of the user name", () => {
    expect(of({ a: ["app"] })("App", "h")).toBe("unrouted");
  });

  test("of other users is unrouted, a named one, or none", () => {
    expect(of({ a: ["x"] })("y", "h")).toBe("unrouted");
    expect(of({ a: ["x"] }, "a")("y", "h")).toBe("a");
    expect(of({ a: ["x"] }, "drop")("y", "h")).toBeNull();
  });

  test("does not depend on the order of the configuration", () => {
    const glob = fc.stringMatching(/^[ab*?]{1,3}$/);
    const entry = fc.oneof(
      glob,
      fc.tuple(glob, glob).map((parts) => parts.join("@")),
    );
    const environments = fc.uniqueArray(
      fc.tuple(fc.stringMatching(/^[a-e]$/), fc.array(entry, { minLength: 1, maxLength: 3 })),
      {
        selector: ([name]) => name,
        maxLength: 4,
      },
    );
    const name = fc.stringMatching(/^[ab]{1,3}$/);
    fc.assert(
      fc.property(environments, name, name, (list, user, host) => {
        fc.pre(userClaimProblems(new Map(list)).length === 0);
        const forwards = of(Object.fromEntries(list));
        const backwards = of(Object.fromEntries(list.toReversed()));
        expect(forwards(user, host)).toBe(backwards(user, host));
      }),
    );
  });
});
