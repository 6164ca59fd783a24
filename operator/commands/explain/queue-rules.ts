import type { Routing, Subscriber } from "../../../config/routing.ts";
import type { PositionedChange, PositionedFrame } from "../../../functions/frame/read-frame.ts";
import { originalMatcher } from "../../../config/copy-names.ts";
import { namesOf } from "../../../functions/filters/column-rules.ts";
import { type Filters, filtersOf } from "../../../functions/filters/filters.ts";
import { isFilterError } from "../../../functions/ground/errors.ts";
import {
  type Subscription,
  type Subscriptions,
  subscriptionsOf,
} from "../../../functions/routing/subscriptions.ts";
import type { FrameTable } from "../../../wire/frame.ts";
import { lowerCaseName } from "../../../wire/lower-case.ts";
import { tableMatcher } from "../../../wire/table-patterns.ts";
import { hiddenColumns, type HiddenColumns, NOTHING_HIDDEN } from "./hidden-columns.ts";

/** What the configuration decides about a change for one subscriber. */
export type QueueRule =
  | { readonly kind: "not-subscribed"; readonly subscriber: string; readonly why: string }
  | {
      readonly kind: "filtered";
      readonly subscriber: string;
      readonly queueName: string;
      /** The subscriber's conditions for the table. */
      readonly where: string;
    }
  | {
      readonly kind: "wanted";
      readonly subscriber: string;
      readonly queueName: string;
      readonly environment: string;
      /** The delivered operation. It differs when a condition begins or ceases to hold. */
      readonly op: string;
      readonly hidden: HiddenColumns;
      /** Why the condition cannot be evaluated; null when it can be. */
      readonly fault: string | null;
    };

/** Applies a configuration's rules to changes. */
export class QueueRules {
  readonly #routing: Routing;
  readonly #subscriptions: Subscriptions;
  readonly #filters: Filters;

  constructor(source: string, routing: Routing) {
    this.#routing = routing;
    this.#subscriptions = subscriptionsOf(source, routing);
    // The key of the hashes does not affect which columns are hidden.
    this.#filters = filtersOf(routing, "explain");
  }

  /**
   * Returns a rule for each subscriber; several when a change goes to queues of several
   * environments. `environment`: null for a change that goes to all of them.
   */
  of(
    frame: PositionedFrame,
    change: PositionedChange,
    environment: string | null,
  ): readonly QueueRule[] {
    const [database = "", table = ""] = frame.tables[change.table] ?? [];
    const isLower = frame.lowerCaseNames === true;
    const chosen =
      environment === null
        ? this.#subscriptions.everywhere(change.op, database, table, isLower)
        : this.#subscriptions.of(environment, change.op, database, table, isLower);
    return Object.entries(this.#routing.subscribers).flatMap(([name, subscriber]): QueueRule[] => {
      const own = chosen.filter((each) => each.subscriber === name);
      if (own.length > 0) return own.map((each) => this.#rule(frame, change, each, subscriber));
      const why = reasonOf(subscriber, change.op, database, table, isLower, environment);
      return [{ kind: "not-subscribed", subscriber: name, why }];
    });
  }

  #rule(
    frame: PositionedFrame,
    change: PositionedChange,
    { subscriber: name, queueName, environment, undecided }: Subscription,
    subscriber: Subscriber,
  ): QueueRule {
    const entry = frame.tables[change.table] ?? (["", ""] as const);
    const isLower = frame.lowerCaseNames === true;
    const filter = this.#filters.of(name)?.table(entry, isLower) ?? null;
    const queue = { subscriber: name, queueName };
    const wanted = { kind: "wanted", ...queue, environment, op: change.op } as const;
    if (undecided !== undefined) {
      return { ...wanted, hidden: NOTHING_HIDDEN, fault: undecided };
    }
    if (filter === null) return { ...wanted, hidden: NOTHING_HIDDEN, fault: null };
    try {
      const filtered = filter(change);
      if (filtered === null)
        return { kind: "filtered", ...queue, where: conditionsOf(subscriber, entry, isLower) };
      const hidden = hiddenColumns(change, filtered);
      return { ...wanted, op: filtered.op, hidden, fault: null };
    } catch (error) {
      if (!isFilterError(error)) throw error;
      return { ...wanted, hidden: NOTHING_HIDDEN, fault: error.message };
    }
  }
}

function reasonOf(
  { tables, ddl }: Subscriber,
  op: string,
  database: string,
  table: string,
  isLower: boolean,
  environment: string | null,
): string {
  const patterns = isLower ? tables.map(lowerCaseName) : tables;
  if (!tableMatcher(patterns)(database, table)) return `its tables leave out ${database}.${table}`;
  if (op === "ddl" && ddl === "none") return "it gets no statements (ddl: none)";
  return `it has no queue in ${environment ?? "any environment"}`;
}

/** The conditions for a table, under its present name and the former ones. */
function conditionsOf({ where }: Subscriber, entry: FrameTable, isLower: boolean): string {
  if (where === undefined || typeof where === "string") return where ?? "";
  const [database, table, shape] = entry;
  return Object.entries(where)
    .filter(([pattern]) => {
      const matches = originalMatcher(isLower ? lowerCaseName(pattern) : pattern);
      return namesOf(database, table, shape?.former).some((name) => matches(...name));
    })
    .map(([, condition]) => condition)
    .join(" and ");
}
