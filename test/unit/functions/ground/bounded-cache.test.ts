import { expect, test } from "vitest";
import { decodeRouting, encodeRouting } from "../../../../config/routing.ts";
import { filtersOf } from "../../../../functions/filters/filters.ts";
import { environmentOf } from "../../../../functions/routing/environments.ts";
import { subscriptionsOf } from "../../../../functions/routing/subscriptions.ts";
import { heapBytes } from "../../../support/heap-bytes.ts";

const routing = decodeRouting(
  encodeRouting({
    environments: { staging: { users: ["app@*"] } },
    subscribers: {
      billing: { tables: ["shop.*"] },
      search: { tables: ["shop.*"], columns: { exclude: ["shop.*.iban"] } },
    },
    otherUsers: "drop",
  }),
);

test.each([
  [
    "queues of tables",
    () => {
      const queues = subscriptionsOf("shop", routing);
      return (name: string) => [
        queues.of("staging", "c", "shop", name),
        queues.any("c", "shop", name),
      ];
    },
  ],
  [
    "filters of tables",
    () => {
      const filter = filtersOf(routing, "secret").of("search");
      return (name: string) => filter?.table(["shop", name]);
    },
  ],
  [
    "environments of hosts",
    () => {
      const environment = environmentOf(routing);
      return (name: string) => environment("app", name);
    },
  ],
])("a function that lives for days remembers only so many %s", (_what, make) => {
  const ask = make();
  const expected = ask("imports_0");
  const askSome = (from: number): number => {
    for (let i = 0; i < 10_000; i++) ask(`imports_${from + i}`);
    return heapBytes();
  };
  const before = askSome(0);
  expect(Math.max(askSome(10_000), askSome(20_000)) - before).toBeLessThan(1_000_000);
  if (typeof expected !== "function") expect(ask("imports_0")).toEqual(expected);
});
