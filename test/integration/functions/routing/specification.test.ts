import fc from "fast-check";
import { expect, test } from "vitest";
import type { RoutingInput } from "../../../../config/routing.ts";
import { TestLane, type TestChange } from "../../../support/functions/frames.ts";
import { rawEvent, route } from "../../../support/functions/invoke.ts";
import { specification } from "../../../support/functions/specification.ts";
import { Stage } from "../../../support/functions/stage.ts";

const RUNS = Number(process.env["SPECIFICATION_RUNS"] ?? 25);

const tables = fc.constantFrom(
  "shop.orders",
  "shop.items",
  "shop.säle 🛒",
  "crm.people",
  "crm.logs",
);
const users = fc.constantFrom("app_prod", "app_staging", "stg_ann", "stg_bob", "app_x", "dba");
const pattern = fc.constantFrom(
  "shop.*",
  "crm.*",
  "*.*",
  "shop.orders",
  "*.logs",
  "!shop.items",
  "!crm.*",
);

const routing: fc.Arbitrary<RoutingInput> = fc.record({
  environments: fc.constantFrom<RoutingInput["environments"]>(
    { production: { users: ["app_prod"] }, staging: { users: ["app_staging", "stg_*"] } },
    {
      production: { users: ["app_*"] },
      staging: { users: ["app_s*", "stg_bob"] },
      test: { users: ["stg_*"] },
    },
    { production: { users: ["app_prod@10.0.0.*"] }, staging: { users: ["*_*"] } },
  ),
  subscribers: fc.dictionary(
    fc.constantFrom("billing", "search", "audit"),
    fc.record(
      {
        tables: fc.uniqueArray(pattern, { minLength: 1, maxLength: 3 }),
        groupBy: fc.constantFrom("table", "key", "source"),
        environments: fc.constantFrom<string[]>(["production"], ["staging", "unrouted"]),
        ddl: fc.constantFrom("author", "all", "none"),
      },
      { requiredKeys: ["tables"] },
    ),
    { minKeys: 1 },
  ),
  otherUsers: fc.constantFrom("unrouted", "drop", "staging"),
});

const change: fc.Arbitrary<TestChange> = fc
  .record({
    table: tables,
    user: users,
    host: fc.constantFrom("10.0.0.1", "10.0.1.1"),
    op: fc.constantFrom("c", "u", "d", "t", "ddl"),
    id: fc.integer({ min: 1, max: 3 }),
    moved: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
  })
  .map(({ moved, ...rest }) => ({
    ...rest,
    ...(rest.op === "u" && moved !== undefined && moved !== rest.id && { oldId: moved }),
  }));
const frames = fc.array(fc.array(change, { minLength: 1, maxLength: 8 }), {
  minLength: 1,
  maxLength: 4,
});

test(
  "the delivered changes are those that a naive implementation of the configuration finds",
  async () => {
    await fc.assert(
      fc.asyncProperty(routing, frames, fc.boolean(), async (rules, cuts, twice) => {
        await using stage = await Stage.start(rules);
        const lane = new TestLane();
        const bodies = cuts.map((changes) => lane.frame(changes));
        expect(await route(stage.runtime, rawEvent(bodies))).toEqual([]);
        if (twice) expect(await route(stage.runtime, rawEvent(bodies))).toEqual([]);

        const expected = specification(rules, cuts.flat());
        for (const [environment, subscriber] of stage.pairs()) {
          const groups: Record<string, string[]> = {};
          for (const message of await stage.receiveAll(environment, subscriber)) {
            expect(message).toMatchObject({ environment, subscriber });
            for (const { op, source, key, id } of message.changes) {
              const told = `${op} ${source.pos / 100} ${source.db}.${source.table} ${JSON.stringify(key)} ${id.slice(-2)}`;
              (groups[message.group] ??= []).push(told);
            }
          }
          const sequences = Object.values(groups).map((list) => list.join("\n"));
          expect(sequences.sort()).toEqual(
            (expected.get(`${subscriber}-${environment}`) ?? []).sort(),
          );
        }
      }),
      { numRuns: RUNS },
    );
  },
  300_000 + 2000 * RUNS,
);
