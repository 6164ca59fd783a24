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

/** A subscriber that may have a table, and its queues. */
interface Candidate {
  readonly ddl: Subscriber["ddl"];
  readonly has: (database: string, table: string, lowerCaseNames: boolean) => boolean;
  readonly byEnvironment: ReadonlyMap<string, Subscription>;
}

/** The queues of all tables with the same subscribers. */
interface SharedQueues {
  of(environment: string | null, kind: Kind): readonly Subscription[];
  any(kind: Kind): boolean;
}

/**
 * Creates the subscriptions of a routing. The subscribers of a table are cached, so that patterns
 * are matched only once. Tables with the same subscribers share the answers, so neither the memory
 * nor the cost of a new table grows with the number of environments.
 */
export function subscriptionsOf(source: string, routing: Routing): Subscriptions {
  const environments = queueEnvironments(routing);
  const queues = environmentQueues({ name: source, ...routing });
  const subscribers = Object.entries(routing.subscribers).map(([name, subscriber]): Candidate => {
    const { ddl, groupBy, keyBuckets, format, encoding } = subscriber;
    const matches = remembered(() => tableMatcher(subscriber.tables));
    const matchesLowerCase = remembered(() => tableMatcher(subscriber.tables.map(lowerCaseName)));
    return {
      ddl,
      has: (database, table, lowerCaseNames) =>
        (lowerCaseNames ? matchesLowerCase : matches)()(database, table),
      byEnvironment: new Map(
        queues
          .filter((queue) => queue.subscriber === name)
          .map(({ environment, queueName }): [string, Subscription] => [
            environment,
            { subscriber: name, environment, queueName, groupBy, keyBuckets, format, encoding },
          ]),
      ),
    };
  });
  const known = new BoundedCache<SharedQueues>();
  /** Of tables that are decided for some subscribers only: the queues of these. */
  const partly = new BoundedCache<SharedQueues>();
  const shared = new BoundedCache<SharedQueues>();

  function queuesOf(database: string, table: string, lowerCaseNames: boolean): SharedQueues {
    const key = keyOf(database, table, lowerCaseNames);
    const answer = known.get(key);
    if (answer !== undefined) return answer;
    let isDecided = true;
    const indexes: number[] = [];
    const found = subscribers.flatMap((each, index): Candidate[] => {
      try {
        if (!each.has(database, table, lowerCaseNames)) return [];
        indexes.push(index);
        return [each];
      } catch (error) {
        isDecided = false;
        return [undecided(each, describeFault(error))];
      }
    });
    const name = indexes.join();
    let decided = shared.get(name);
    if (decided === undefined) {
      const having = subscribers.filter((_, index) => indexes.includes(index));
      shared.set(name, (decided = sharedQueues(having, environments)));
    }
    if (isDecided) known.set(key, decided);
    else partly.set(key, decided);
    return isDecided ? decided : sharedQueues(found, environments);
  }

  const of: Subscriptions["of"] = (environment, op, database, table, lowerCaseNames = false) =>
    queuesOf(database, table, lowerCaseNames).of(environment, kindOf(op));

  /** Called for every change, so it must be cheap, also while a decision fails. */
  const any: Subscriptions["any"] = (op, database, table, lowerCaseNames = false) => {
    const kind = kindOf(op);
    const key = keyOf(database, table, lowerCaseNames);
    return (
      known.get(key)?.any(kind) ??
      (partly.get(key)?.any(kind) === true || queuesOf(database, table, lowerCaseNames).any(kind))
    );
  };

  const everywhere: Subscriptions["everywhere"] = (...asked) => {
    const all = environments.flatMap((each) => of(each, ...asked));
    return [...new Map(all.map((chosen) => [chosen.queueName, chosen])).values()];
  };

  const pair: Subscriptions["pair"] = ({ subscriber, environment }, ...asked) =>
    of(environment, "r", ...asked).find((chosen) => chosen.subscriber === subscriber) ?? null;

  const hasQueue: Subscriptions["hasQueue"] = (target) =>
    queues.some(
      ({ subscriber, environment }) =>
        subscriber === target.subscriber && environment === target.environment,
    );

  const hasMessagePerChange = Object.values(routing.subscribers).some(({ format }) =>
    isMessagePerChange(format),
  );
  return { of, everywhere, pair, hasQueue, any, hasMessagePerChange };
}

function sharedQueues(
  candidates: readonly Candidate[],
  environments: readonly string[],
): SharedQueues {
  const known = new BoundedCache<readonly Subscription[]>();
  const wanted = new Map<Kind, boolean>();

  const of: SharedQueues["of"] = (environment, kind) => {
    const key = kind + SEPARATOR + (environment ?? "");
    let chosen = known.get(key);
    if (chosen === undefined) {
      chosen = candidates.flatMap((each) => queuesIn(each, kind, environment));
      known.set(key, chosen);
    }
    return chosen;
  };

  return {
    of,
    any(kind) {
      let isWanted = wanted.get(kind);
      if (isWanted === undefined) {
        isWanted = environments.some((each) => of(each, kind).length > 0);
        wanted.set(kind, isWanted);
      }
      return isWanted;
    },
  };
}

/** The queues of a subscriber that receive a change of a table that it has. */
function queuesIn(
  { ddl, byEnvironment }: Candidate,
  kind: Kind,
  environment: string | null,
): readonly Subscription[] {
  if (kind === "ddl" && ddl === "none") return [];
  if (kind === "ddl" && ddl === "all") return [...byEnvironment.values()];
  const own = environment === null ? undefined : byEnvironment.get(environment);
  return own === undefined ? [] : [own];
}

function undecided({ byEnvironment, ...candidate }: Candidate, fault: string): Candidate {
  return {
    ...candidate,
    byEnvironment: new Map(
      Array.from(byEnvironment, ([environment, queue]) => [
        environment,
        { ...queue, undecided: fault },
      ]),
    ),
  };
}

/** The kind of change that the answer depends on. Statements (DDL) have different receivers. */
type Kind = "ddl" | "row";

function kindOf(op: Operation): Kind {
  return op === "ddl" ? "ddl" : "row";
}

/** A character that names of databases, tables and environments do not contain. */
const SEPARATOR = "\0";

function keyOf(database: string, table: string, lowerCaseNames: boolean): string {
  return (lowerCaseNames ? "l" : "") + SEPARATOR + database + SEPARATOR + table;
}
