import { decodeRouting, encodeRouting, type RoutingInput } from "../../../config/routing.ts";
import { filtersOf } from "../../../functions/filters/filters.ts";
import { environmentOf } from "../../../functions/routing/environments.ts";
import { subscriptionsOf } from "../../../functions/routing/subscriptions.ts";
import { SOURCE } from "./frames.ts";

/** The rules of the functions by a configuration. `secret` is that of the filters. */
export function rulesOf(
  input: RoutingInput,
  { source = SOURCE, secret = "the secret", nowMs = 0 } = {},
) {
  const routing = decodeRouting(encodeRouting(input));
  return {
    environmentOf: environmentOf(routing),
    subscriptions: subscriptionsOf(source, routing),
    filters: filtersOf(routing, secret),
    now: () => nowMs,
  };
}

/** The rules where production's only user is `app_prod`. */
export function productionRules(
  subscribers: RoutingInput["subscribers"] = { billing: { tables: ["shop.*"] } },
) {
  return rulesOf({ environments: { production: { users: ["app_prod"] } }, subscribers });
}
