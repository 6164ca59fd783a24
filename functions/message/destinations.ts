import { FORMATS } from "../../wire/formats/formats.ts";
import type { FrameHeader } from "../../wire/frame.ts";
import type { Author } from "../../wire/session.ts";
import type { PositionedChange } from "../frame/read-frame.ts";
import type { Filters, TableFilter } from "../filters/filters.ts";
import { remembered } from "../ground/remembered.ts";
import type { EnvironmentOf } from "../routing/environments.ts";
import { bucketGroup, keyGroup, sourceGroup, tableGroup } from "../routing/message-group.ts";
import type { Subscription, Subscriptions } from "../routing/subscriptions.ts";
import type { QueueChanges } from "./queue-changes.ts";

/**
 * Where the row changes, or the statements, of one table by one author go, and how many of a frame
 * went there.
 */
export interface Destination {
  /** Null: the author belongs to none. */
  readonly environment: string | null;
  readonly author: Author;
  readonly queues: readonly TableQueue[];
  changes: number;
  /** When the oldest of them was committed, milliseconds since 1970. */
  oldestCommitMs: number;
}

/** A queue, and what becomes of changes of the table there. */
interface TableQueue {
  readonly queue: QueueChanges;
  /** See `Subscription`. */
  readonly undecided: string | undefined;
  /** Our own code may throw an exception in it: to be asked for within the queue's `add`. */
  readonly rules: () => TableRules;
}

/** What becomes of a table's changes in a queue. */
export interface TableRules {
  /**
   * Whether an update that changes the key is a delete and a create also where both have the same
   * message group.
   */
  readonly splitsKeyChanges: boolean;
  /** `key` is the change's key or the one it had before. */
  readonly groupOf: (key: string) => string;
  /** Null: the subscriber gets every change of the table as it is. */
  readonly filter: TableFilter | null;
}

export interface DestinationRules {
  readonly environmentOf: EnvironmentOf;
  readonly subscriptions: Subscriptions;
  readonly queueOf: (subscription: Subscription) => QueueChanges;
  readonly filters: Filters;
}

/**
 * The destinations of one frame's changes. A frame has thousands of changes, but few tables and
 * authors: each combination is decided once. Authors are told apart as objects; one that is named
 * by several is merely decided several times.
 */
export class Destinations {
  readonly #header: FrameHeader;
  readonly #rules: DestinationRules;
  /** By author; then by table, its rows and its statements beside each other. */
  readonly #known = new Map<Author, (Destination | undefined)[]>();
  /** In the order in which they were first asked for. */
  readonly all: Destination[] = [];

  constructor(header: FrameHeader, rules: DestinationRules) {
    this.#header = header;
    this.#rules = rules;
  }

  of({ table, op }: PositionedChange, author: Author): Destination {
    let byTable = this.#known.get(author);
    if (byTable === undefined) this.#known.set(author, (byTable = []));
    const slot = 2 * table + (op === "ddl" ? 1 : 0);
    return (byTable[slot] ??= this.#decide(table, op, author));
  }

  #decide(index: number, op: PositionedChange["op"], author: Author): Destination {
    const { queueOf, filters } = this.#rules;
    const { tables, lowerCaseNames } = this.#header;
    const entry = tables[index] ?? (["", ""] as const);
    const [database, table] = entry;
    const { environment, chosen } = this.#choose(op, author, database, table);
    const queues = chosen.map((subscription) => ({
      queue: queueOf(subscription),
      undecided: subscription.undecided,
      rules: remembered(() => ({
        splitsKeyChanges:
          FORMATS[subscription.format].splitsKeyChanges || subscription.keyBuckets !== undefined,
        groupOf: this.#groupsOf(subscription, database, table),
        filter: filters.of(subscription.subscriber)?.table(entry, lowerCaseNames) ?? null,
      })),
    }));
    const destination = { environment, author, queues, changes: 0, oldestCommitMs: Infinity };
    this.all.push(destination);
    return destination;
  }

  /**
   * Rows of a snapshot have their destination; what the server wrote by itself concerns everybody.
   */
  #choose(
    op: PositionedChange["op"],
    { user, host, attribution, snapshot }: Author,
    database: string,
    table: string,
  ): { readonly environment: string | null; readonly chosen: readonly Subscription[] } {
    const { environmentOf, subscriptions } = this.#rules;
    const { lowerCaseNames } = this.#header;
    if (snapshot !== undefined) {
      const pair = subscriptions.pair(snapshot, database, table, lowerCaseNames);
      return { environment: snapshot.environment, chosen: pair === null ? [] : [pair] };
    }
    if (attribution === "server") {
      const chosen = subscriptions.everywhere(op, database, table, lowerCaseNames);
      return { environment: null, chosen };
    }
    const environment = environmentOf(user, host);
    const chosen = subscriptions.of(environment, op, database, table, lowerCaseNames);
    return { environment, chosen };
  }

  #groupsOf(
    { groupBy, keyBuckets }: Subscription,
    database: string,
    table: string,
  ): TableRules["groupOf"] {
    let group: string | undefined;
    switch (groupBy) {
      case "table":
        return () => (group ??= tableGroup(database, table));
      case "source":
        return () => (group ??= sourceGroup(this.#header.source, this.#header.lane));
      case "key":
        return keyBuckets === undefined
          ? (key) => keyGroup(database, table, key)
          : (key) => bucketGroup(database, table, key, keyBuckets);
      default:
        return groupBy satisfies never;
    }
  }
}
