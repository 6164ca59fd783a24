import { expect, test } from "vitest";
import { decodeRouting, encodeRouting } from "../../../../../config/routing.ts";
import { filtersOf } from "../../../../../functions/filters/filters.ts";
import { readFrame } from "../../../../../functions/frame/read-frame.ts";
import { environmentOf } from "../../../../../functions/routing/environments.ts";
import { subscriptionsOf } from "../../../../../functions/routing/subscriptions.ts";
import { tailedChange } from "../../../../../operator/commands/tail/tailed-change.ts";
import type { Author } from "../../../../../wire/session.ts";
import { SOURCE, TestLane } from "../../../../support/functions/frames.ts";

const ROUTING = decodeRouting(
  encodeRouting({
    environments: { production: { users: ["app_prod"] }, staging: { users: ["app_stg"] } },
    subscribers: { billing: { tables: ["shop.*"] } },
    otherUsers: "drop",
  }),
);

/** The environments whose `tail` shows a change of this author. */
function environmentsShowing(author: Author): string[] {
  const frame = readFrame(new TestLane().frame([{ id: 1, table: "shop.cache" }]), SOURCE);
  const change = frame.changes[0] ?? expect.unreachable("the frame has a change");
  const rules = {
    subscriber: undefined,
    environmentOf: environmentOf(ROUTING),
    subscriptions: subscriptionsOf(SOURCE, ROUTING),
    filters: filtersOf(ROUTING, null),
  };
  return ["production", "staging"].filter(
    (environment) => tailedChange(frame, { change, author }, { ...rules, environment }) !== null,
  );
}

test("a change is shown in its author's environment, and one by the server itself in all", () => {
  const author = { user: "app_stg", host: "10.0.0.1", attribution: "ledger" } as const;
  expect(environmentsShowing(author)).toEqual(["staging"]);
  expect(environmentsShowing({ ...author, user: "stranger" })).toEqual([]);
  expect(environmentsShowing({ user: "", host: "", attribution: "server" })).toEqual([
    "production",
    "staging",
  ]);
});
