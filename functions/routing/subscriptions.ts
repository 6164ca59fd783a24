import { isMessagePerChange } from "../../wire/formats/formats.ts";
import { environmentQueues, queueEnvironments } from "../../config/queues.ts";
import type { Routing, Subscriber } from "../../config/routing.ts";
import type { Operation } from "../../wire/frame.ts";
import { lowerCaseName } from "../../wire/lower-case.ts";
import { tableMatcher } from "../../wire/table-patterns.ts";
import { BoundedCache } from "../ground/bounded-cache.ts";
import { describeFault } from "../ground/describe-fault.ts";
import { remembered } from "../ground/remembered.ts";

/** A queue that receives a change. */
export interface Subscription {
  readonly subscriber: string;
  readonly environment: string;
  readonly queueName: string;
  readonly groupBy: Subscriber["groupBy"];
  /** When omitted, each key has a separate message group. */
  readonly keyBuckets?: number | undefined;
  readonly format: Subscriber["format"];
  /** When omitted, messages are plain text. */
  readonly encoding?: Subscriber["encoding"];
  /**
   * Set when the router failed to decide whether the subscriber has the table, and describes the
   * exception (`describeFault`). When omitted, the queue receives the change.
   */
  readonly undecided?: string;
}

/**
 * Finds the queues for a change of a table, by the environment of its author (null when the
 * author's changes are dropped). With `lowerCaseNames`, the server's table names are in lower case,
 * and patterns are converted to lower case too. If the decision fails for a subscriber, the result
 * contains its queues with `undecided`.
 */
export interface Subscriptions {
  of(
    environment: string | null,
    op: Operation,
    database: string,
    table: string,
    lowerCaseNames?: boolean,
  ): readonly Subscription[];
  /** The queues of all environments. */
  everywhere(
    op: Operation,
    database: string,
    table: string,
    lowerCaseNames?: boolean,
  ): readonly Subscription[];
  /** The queue of a subscriber in an environment; null without a queue or without the table. */
  pair(
    target: Pick<Subscription, "subscriber" | "environment">,
    database: string,
    table: string,
    lowerCaseNames?: boolean,
  ): Subscription | null;
  /** Whether a subscriber has a queue in an environment. */
  hasQueue(target: Pick<Subscription, "subscriber" | "environment">): boolean;
  /**
   * Whether a queue of any environment could receive the change. If not, its author does not
   * matter.
   */
  any(op: Operation, database: string, table: string, lowerCaseNames?: boolean): boolean;
  /** Whether a subscriber has a format with one message per change. */
  readonly hasMessagePerChange: boolean;
}

/**
 * Creates the subscriptions of a routing. Answers are cached per table, so that patterns are
 * matched only once, and the cost of a change does not grow with the number of environments.
 */
export function subscriptionsOf(source: string, routing: Routing): Subscriptions {
  const environments = queueEnvironments(routing);
  const queues = environmentQueues({ name: source, ...routing });
  const subscribers = Object.entries(routing.subscribers).map(([name, subscriber]) => ({
    subscriber,
    matches: remembered(() => tableMatcher(subscriber.tables)),
    matchesLowerCase: remembered(() => tableMatcher(subscriber.tables.map(lowerCaseName))),
    byEnvironment: new Map(
      queues
        .filter((queue) => queue.subscriber === name)
        .map(({ environment, queueName }): [string, Subscription] => {
          const { groupBy, keyBuckets, format, encoding } = subscriber;
          return [
            environment,
            { subscriber: name, environment, queueName, groupBy, keyBuckets, format, encoding },
          ];
        }),
    ),
  }));
  const known = new BoundedCache<readonly Subscription[]>();
  const wanted = new BoundedCache<boolean>();

  function of(
    environment: string | null,
    op: Operation,
    database: string,
    table: string,
    lowerCaseNames = false,
  ): readonly Subscription[] {
    const kind = kindOf(op);
    const key = keyOf(kind, database, table, lowerCaseNames) + SEPARATOR + (environment ?? "");
    const answer = known.get(key);
    if (answer !== undefined) return answer;
    const chosen = subscribers.flatMap((each) => {
      const candidates = candidatesOf(each, kind, environment);
      if (candidates.length === 0) return [];
      const matches = lowerCaseNames ? each.matchesLowerCase : each.matches;
      try {
        return matches()(database, table) ? candidates : [];
      } catch (error) {
        const undecided = describeFault(error);
        return candidates.map((candidate) => ({ ...candidate, undecided }));
      }
    });
    if (chosen.every(isDecided)) known.set(key, chosen);
    return chosen;
  }

  function any(op: Operation, database: string, table: string, lowerCaseNames = false): boolean {
    const key = keyOf(kindOf(op), database, table, lowerCaseNames);
    const answer = wanted.get(key);
    if (answer !== undefined) return answer;
    for (const each of environments) {
      const chosen = of(each, op, database, table, lowerCaseNames);
      if (chosen.some(isDecided)) wanted.set(key, true);
      if (chosen.length > 0) return true;
    }
    wanted.set(key, false);
    return false;
  }

  function everywhere(
    op: Operation,
    database: string,
    table: string,
    lowerCaseNames = false,
  ): readonly Subscription[] {
    const all = environments.flatMap((each) => of(each, op, database, table, lowerCaseNames));
    return [...new Map(all.map((chosen) => [chosen.queueName, chosen])).values()];
  }

  function pair(
    target: Pick<Subscription, "subscriber" | "environment">,
    database: string,
    table: string,
    lowerCaseNames = false,
  ): Subscription | null {
    const chosen = of(target.environment, "r", database, table, lowerCaseNames);
    return chosen.find(({ subscriber }) => subscriber === target.subscriber) ?? null;
  }

  const hasQueue: Subscriptions["hasQueue"] = (target) =>
    queues.some(
      ({ subscriber, environment }) =>
        subscriber === target.subscriber && environment === target.environment,
    );

  const hasMessagePerChange = subscribers.some(({ subscriber }) =>
    isMessagePerChange(subscriber.format),
  );
  return { of, everywhere, pair, hasQueue, any, hasMessagePerChange };
}

/** The queues of a subscriber that receive a change if the subscriber has the table. */
function candidatesOf(
  {
    subscriber: { ddl },
    byEnvironment,
  }: {
    readonly subscriber: Subscriber;
    readonly byEnvironment: ReadonlyMap<string, Subscription>;
  },
  kind: Kind,
  environment: string | null,
): readonly Subscription[] {
  if (kind === "ddl" && ddl === "none") return [];
  if (kind === "ddl" && ddl === "all") return [...byEnvironment.values()];
  const own = environment === null ? undefined : byEnvironment.get(environment);
  return own === undefined ? [] : [own];
}

function isDecided({ undecided }: Subscription): boolean {
  return undecided === undefined;
}

/** The kind of change that the answer depends on. Statements (DDL) have different receivers. */
type Kind = "ddl" | "row";

function kindOf(op: Operation): Kind {
  return op === "ddl" ? "ddl" : "row";
}

/** A character that names of databases, tables and environments do not contain. */
const SEPARATOR = "\0";

/** Called for every change, so it must be cheap. */
function keyOf(kind: Kind, database: string, table: string, lowerCaseNames: boolean): string {
  return kind + (lowerCaseNames ? "l" : "") + SEPARATOR + database + SEPARATOR + table;
}
