import { isMessagePerChange } from "../../wire/formats/formats.ts";
import { environmentQueues, queueEnvironments } from "../../config/queues.ts";
import type { Routing, Subscriber } from "../../config/routing.ts";
import type { Operation } from "../../wire/frame.ts";
import { lowerCaseName } from "../../wire/lower-case.ts";
import { tableMatcher } from "../../wire/table-patterns.ts";

/** One queue that a change goes to. */
export interface Subscription {
  readonly subscriber: string;
  readonly environment: string;
  readonly queueName: string;
  readonly groupBy: Subscriber["groupBy"];
  /** Left out: each key has a message group of its own. */
  readonly keyBuckets?: number | undefined;
  readonly format: Subscriber["format"];
  /** Left out: plain text. */
  readonly encoding?: Subscriber["encoding"];
}

/**
 * Which queues get a change of a table by an author of an environment (null: the author's changes
 * are dropped). `lowerCaseNames`: the server names tables in lower case, and patterns mean the
 * same.
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
  /** The queue of one pair, if it has one and its subscriber has the table. */
  pair(
    target: Pick<Subscription, "subscriber" | "environment">,
    database: string,
    table: string,
    lowerCaseNames?: boolean,
  ): Subscription | null;
  /**
   * Whether any queue of any environment could get it: if none, it does not matter who wrote it.
   */
  any(op: Operation, database: string, table: string, lowerCaseNames?: boolean): boolean;
  /** Whether some subscriber has a format in which each change is a message of its own. */
  readonly hasMessagePerChange: boolean;
}

/**
 * The subscriptions of a routing. Answers are remembered per table, so that patterns are tried
 * once, and so that a change costs the same however many environments there are.
 */
export function subscriptionsOf(source: string, routing: Routing): Subscriptions {
  const environments = queueEnvironments(routing);
  const queues = environmentQueues({ name: source, ...routing });
  const subscribers = Object.entries(routing.subscribers).map(([name, subscriber]) => ({
    subscriber,
    matches: tableMatcher(subscriber.tables),
    matchesLowerCase: tableMatcher(subscriber.tables.map(lowerCaseName)),
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
  const known = new Map<string, readonly Subscription[]>();
  const wanted = new Map<string, boolean>();

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
    const chosen = subscribers
      .filter(({ matches, matchesLowerCase }) =>
        (lowerCaseNames ? matchesLowerCase : matches)(database, table),
      )
      .flatMap(({ subscriber, byEnvironment }) => {
        if (kind === "ddl" && subscriber.ddl === "none") return [];
        if (kind === "ddl" && subscriber.ddl === "all") return [...byEnvironment.values()];
        const own = environment === null ? undefined : byEnvironment.get(environment);
        return own === undefined ? [] : [own];
      });
    known.set(key, chosen);
    return chosen;
  }

  function any(op: Operation, database: string, table: string, lowerCaseNames = false): boolean {
    const key = keyOf(kindOf(op), database, table, lowerCaseNames);
    const answer = wanted.get(key);
    if (answer !== undefined) return answer;
    const decided = environments.some(
      (each) => of(each, op, database, table, lowerCaseNames).length > 0,
    );
    wanted.set(key, decided);
    return decided;
  }

  function everywhere(
    op: Operation,
    database: string,
    table: string,
    lowerCaseNames = false,
  ): readonly Subscription[] {
    const all = environments.flatMap((each) => of(each, op, database, table, lowerCaseNames));
    return [...new Set(all)];
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

  const hasMessagePerChange = subscribers.some(({ subscriber }) =>
    isMessagePerChange(subscriber.format),
  );
  return { of, everywhere, pair, any, hasMessagePerChange };
}

/** What the answer depends on: a statement that changes a table has readers of its own. */
type Kind = "ddl" | "row";

function kindOf(op: Operation): Kind {
  return op === "ddl" ? "ddl" : "row";
}

/** No name of a database, a table or an environment has this character. */
const SEPARATOR = "\0";

/** Asked for every change: making it must be cheap. */
function keyOf(kind: Kind, database: string, table: string, lowerCaseNames: boolean): string {
  return kind + (lowerCaseNames ? "l" : "") + SEPARATOR + database + SEPARATOR + table;
}
