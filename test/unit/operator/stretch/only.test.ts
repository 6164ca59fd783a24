import { expect, test } from "vitest";
import { decodeRouting, encodeRouting } from "../../../../config/routing.ts";
import { subscriptionsOf } from "../../../../functions/routing/subscriptions.ts";
import { only } from "../../../../operator/stretch/only.ts";

const CHOSEN = "shop-billing-staging.fifo";

function names(queues: readonly { readonly queueName: string }[]): string[] {
  return queues.map(({ queueName }) => queueName);
}

test("the chosen queue alone remains, whoever wrote the change", () => {
  const routing = decodeRouting(
    encodeRouting({
      environments: { production: { users: ["app_prod"] }, staging: { users: ["app_stg"] } },
      subscribers: { billing: { tables: ["shop.*"], ddl: "all" }, search: { tables: ["shop.*"] } },
    }),
  );
  const chosen = only(subscriptionsOf("shop", routing), ({ queueName }) => queueName === CHOSEN);
  expect(names(chosen.of("staging", "c", "shop", "orders"))).toEqual([CHOSEN]);
  expect(names(chosen.of("production", "c", "shop", "orders"))).toEqual([]);
  expect(names(chosen.of("production", "ddl", "shop", "orders"))).toEqual([CHOSEN]);
  // What the server itself changed goes to every environment.
  expect(names(chosen.everywhere("t", "shop", "orders"))).toEqual([CHOSEN]);
  const staging = { environment: "staging" };
  expect(chosen.pair({ ...staging, subscriber: "billing" }, "shop", "orders")).not.toBeNull();
  expect(chosen.pair({ ...staging, subscriber: "search" }, "shop", "orders")).toBeNull();
});
