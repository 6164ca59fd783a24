import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { environmentOf } from "../../../../functions/routing/environments.ts";
import { decodeRouting, encodeRouting, type RoutingInput } from "../../../../config/routing.ts";
import { subscriptionsOf } from "../../../../functions/routing/subscriptions.ts";
import { userClaimProblems } from "../../../../config/user-claims.ts";
import { SOURCE, type TestChange } from "../../../support/functions/frames.ts";
import { queuesOf } from "../../../support/functions/specification.ts";

const RUNS = Number(process.env["ROUTING_RUNS"] ?? 2000);

/** Two letters only, so that names often match entries and patterns. */
const glob = fc.stringMatching(/^[ab*?]{1,4}$/);
const claim = fc.oneof(
  fc.stringMatching(/^[ab]{1,3}$/),
  glob,
  fc.tuple(glob, fc.stringMatching(/^[aA1*?]{1,3}$/)).map(([user, host]) => `${user}@${host}`),
);
const name = fc.stringMatching(/^[ab]{1,3}$/);
const tablePattern = fc
  .tuple(fc.constantFrom("", "!"), glob, glob)
  .map(([not, database, table]) => `${not}${database}.${table}`);
const environment = fc.constantFrom("production", "staging", "test");

const routing: fc.Arbitrary<RoutingInput> = fc.record({
  environments: fc.dictionary(
    environment,
    fc.record({ users: fc.array(claim, { minLength: 1, maxLength: 3 }) }),
    { minKeys: 1 },
  ),
  subscribers: fc.dictionary(
    fc.constantFrom("billing", "search", "audit"),
    fc.record(
      {
        tables: fc.array(tablePattern, { minLength: 1, maxLength: 4 }),
        environments: fc.uniqueArray(fc.oneof(environment, fc.constant("unrouted"))),
        ddl: fc.constantFrom("author", "all", "none"),
      },
      { requiredKeys: ["tables"] },
    ),
    { minKeys: 1 },
  ),
  otherUsers: fc.constantFrom("unrouted", "drop", "production"),
});

const change: fc.Arbitrary<TestChange> = fc.record({
  user: name,
  host: fc.stringMatching(/^[aA1]{1,3}$/),
  table: fc.tuple(name, name).map((parts) => parts.join(".")),
  op: fc.constantFrom("c", "u", "d", "t", "ddl"),
});

describe("the queues of a change", () => {
  test(
    "are those that a naive implementation of the configuration finds",
    { timeout: 30_000 + 20 * RUNS },
    () => {
      let delivered = 0;
      fc.assert(
        fc.property(
          routing,
          fc.array(change, { minLength: 1, maxLength: 10 }),
          (input, changes) => {
            fc.pre(unambiguous(input));
            const rules = decodeRouting(encodeRouting(input));
            const environmentFor = environmentOf(rules);
            const subscriptions = subscriptionsOf(SOURCE, rules);
            for (const one of changes) {
              const { user, host, table, op } = one as Required<TestChange>;
              const [database = "", tableName = ""] = table.split(".");
              const chosen = subscriptions.of(
                environmentFor(user ?? "", host),
                op,
                database,
                tableName,
              );
              const expected = queuesOf(input, one);
              delivered += expected.length;
              expect(queueNames(chosen)).toEqual(queueNames(expected));
              expect(subscriptions.any(op, database, tableName) || chosen.length === 0).toBe(true);
            }
          },
        ),
        { numRuns: RUNS },
      );
      expect(delivered).toBeGreaterThan(RUNS / 10);
    },
  );

  test("of users in no environment are those of unrouted, of a named environment, or none", () => {
    expect(queuesOfOther("unrouted")).toEqual(["billing-unrouted"]);
    expect(queuesOfOther("production")).toEqual(["billing-production", "search-production"]);
    expect(queuesOfOther("drop")).toEqual([]);
  });
});

test("300 tables that 50 environments change in turns are matched once each", () => {
  const environments = Array.from({ length: 50 }, (_, number) => `copy${number}`);
  const rules = decodeRouting(
    encodeRouting({
      environments: Object.fromEntries(environments.map((each) => [each, { users: [each] }])),
      subscribers: { billing: { tables: ["shop.*"] }, search: { tables: ["shop.t1*"] } },
      otherUsers: "drop",
    }),
  );
  const subscriptions = subscriptionsOf(SOURCE, rules);
  const askAll = () =>
    environments.flatMap((each) =>
      Array.from({ length: 300 }, (_, number) => subscriptions.of(each, "c", "shop", `t${number}`)),
    );
  const first = askAll();
  // The same objects, so nothing was forgotten in between.
  expect(askAll().filter((chosen, i) => chosen !== first[i])).toEqual([]);
});

/** The queues of a change whose user no environment lists. */
function queuesOfOther(otherUsers: string): string[] {
  const rules = decodeRouting(
    encodeRouting({
      environments: { production: { users: ["app"] } },
      subscribers: {
        billing: { tables: ["shop.*"] },
        search: { tables: ["shop.*"], environments: ["production"] },
      },
      otherUsers,
    }),
  );
  const author = environmentOf(rules)("dba", "10.0.0.1");
  return queueNames(subscriptionsOf(SOURCE, rules).of(author, "c", "shop", "orders"));
}

/** Whether no two environments claim a user equally, which a configuration must not do. */
function unambiguous({ environments }: RoutingInput): boolean {
  const users = Object.entries(environments).map(([key, value]) => [key, value.users] as const);
  return userClaimProblems(new Map(users)).length === 0;
}

function queueNames(
  queues: readonly { readonly subscriber: string; readonly environment: string }[],
): string[] {
  return queues.map((queue) => `${queue.subscriber}-${queue.environment}`).sort();
}
