import { FORMATS } from "../../wire/formats/formats.ts";
import type { FrameHeader } from "../../wire/frame.ts";
import type { Author } from "../../wire/session.ts";
import type { PositionedChange } from "../frame/read-frame.ts";
import type { Filters, TableFilter } from "../filters/filters.ts";
import { remembered } from "../ground/remembered.ts";
import type { EnvironmentOf } from "../routing/environments.ts";
import { bucketGroup, keyGroup, sourceGroup, tableGroup } from "../routing/message-group.ts";
import type { Subscription, Subscriptions } from "../routing/subscriptions.ts";
import type { AuthoredChange } from "./authored-change.ts";
import type { QueueWriter } from "./outgoing-message.ts";
import type { QueueChanges } from "./queue-changes.ts";

/**
 * The queues for one author's row changes, or statements, of one table, and the number of such
 * changes in a frame.
 */
export interface Destination {
  /** The author's environment; null when the author belongs to none. */
  readonly environment: string | null;
  readonly author: Author;
  readonly queues: readonly TableQueue[];
  changes: number;
  /** The commit time of the oldest of these changes, milliseconds since 1970. */
  oldestCommitMs: number;
}

/** A queue, and its rules for a table. */
interface TableQueue {
  readonly queue: QueueChanges;
  /** See `Subscription.undecided`. */
  readonly undecided: string | undefined;
  /** May throw because of a bug, so only the queue calls it. */
  readonly write: WriteChange;
}

/** Adds a change to a queue's messages. */
type WriteChange = (writer: QueueWriter, authored: AuthoredChange) => void;

/** How a queue's messages are made of a table's changes. */
export interface TableRules {
  /**
   * Whether an update that changes the key becomes a delete and a create even if both have the same
   * message group.
   */
  readonly splitsKeyChanges: boolean;
  /** Returns the message group for a key: the change's key or its old key. */
  readonly groupOf: (key: string) => string;
  /** Null when the subscriber gets every change of the table unchanged. */
  readonly filter: TableFilter | null;
}

export interface DestinationRules {
  readonly environmentOf: EnvironmentOf;
  readonly subscriptions: Subscriptions;
  readonly queueOf: (subscription: Subscription) => QueueChanges;
  /** Returns what adds changes by these rules, which may throw. */
  readonly writeBy: (rules: () => TableRules) => WriteChange;
  readonly filters: Filters;
}

/**
 * The destinations of one frame's changes. A frame has thousands of changes, but few tables and
 * authors, so each combination is decided once. Authors are compared as objects. If several objects
 * describe the same author, its destinations are decided several times.
 */
export class Destinations {
  readonly #header: FrameHeader;
  readonly #rules: DestinationRules;
  /** By author, then by table: index 2n for rows and 2n + 1 for statements of table n. */
  readonly #known = new Map<Author, (Destination | undefined)[]>();
  /** All destinations, in the order of their first use. */
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
    const { queueOf, filters, writeBy } = this.#rules;
    const { tables, lowerCaseNames } = this.#header;
    const entry = tables[index] ?? (["", ""] as const);
    const [database, table] = entry;
    const { environment, chosen } = this.#choose(op, author, database, table);
    const queues = chosen.map((subscription) => {
      const rules = remembered((): TableRules => ({
        splitsKeyChanges:
          FORMATS[subscription.format].splitsKeyChanges || subscription.keyBuckets !== undefined,
        groupOf: this.#groupsOf(subscription, database, table),
        filter: filters.of(subscription.subscriber)?.table(entry, lowerCaseNames) ?? null,
      }));
      const { undecided } = subscription;
      return { queue: queueOf(subscription), undecided, write: writeBy(rules) };
    });
    const destination = { environment, author, queues, changes: 0, oldestCommitMs: Infinity };
    this.all.push(destination);
    return destination;
  }

  /**
   * Rows of a snapshot go to the snapshot's subscriber only. Changes by the server itself go to all
   * environments.
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
