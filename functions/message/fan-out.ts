import type { FrameHeader } from "../../wire/frame.ts";
import type { Author, Attribution } from "../../wire/session.ts";
import { UNROUTED } from "../../wire/names.ts";
import type { PlacedChange } from "../frame/read-frame.ts";
import type { EnvironmentOf } from "../routing/environments.ts";
import { keyGroup, sourceGroup, tableGroup } from "../routing/message-group.ts";
import type { Subscription, Subscriptions } from "../routing/subscriptions.ts";
import { changeWriter, rememberLast, type KeyChangeHalf } from "./change-text.ts";
import { Envelopes } from "./envelopes.ts";
import { FormattedMessages } from "./formatted-messages.ts";
import { MessagePacker } from "./message-packer.ts";
import type { QueueMessages } from "./outgoing-message.ts";
import type { QueueWriter } from "./queue-writer.ts";

/** A change and who wrote it. */
export interface AuthoredChange {
  readonly change: PlacedChange;
  readonly author: Author;
}

export interface FanOutRules {
  readonly environmentOf: EnvironmentOf;
  readonly subscriptions: Subscriptions;
  /** The message group in place of the usual one, for changes that come late. */
  readonly regroup?: (group: string, change: PlacedChange) => string;
  /** Milliseconds since 1970, for the formats that say when a message was written; left out, the clock. */
  readonly now?: () => number;
}

/** What of a frame concerns one environment. */
interface EnvironmentShare {
  readonly changes: number;
  /** When the oldest of them was committed, milliseconds since 1970. */
  readonly oldestCommitMs: number;
}

export interface FanOut {
  readonly queues: readonly QueueMessages[];
  /** How many changes go to some queue, by their author's environment; and how many were dropped for their author's sake. */
  readonly byEnvironment: ReadonlyMap<string, EnvironmentShare>;
  readonly dropped: number;
  readonly byAttribution: ReadonlyMap<Attribution, number>;
}

/**
 * The messages that a frame's changes become: exactly those queues that the routing gives each change to. Deterministic, but
 * for the moment of writing that some formats name.
 */
export function fanOut(
  header: FrameHeader,
  changes: readonly AuthoredChange[],
  rules: FanOutRules,
): FanOut {
  const writer = rememberLast(changeWriter(header));
  const writers = new Map<string, QueueWriter>();
  const byEnvironment = new Map<string, EnvironmentShare>();
  const byAttribution = new Map<Attribution, number>();
  let dropped = 0;

  for (const { change, author } of changes) {
    const [database, table] = header.tables[change.table] ?? ["", ""];
    const environment = rules.environmentOf(author.user, author.host);
    const chosen = rules.subscriptions.of(environment, change.op, database, table);
    if (environment === null && chosen.length === 0) dropped++;
    if (chosen.length > 0) {
      const { timestampMs = 0 } = header.transactions[change.transaction] ?? {};
      share(byEnvironment, environment ?? UNROUTED, timestampMs);
      byAttribution.set(author.attribution, (byAttribution.get(author.attribution) ?? 0) + 1);
    }
    for (const subscription of chosen) {
      const queue = writerOf(subscription);
      for (const { group, half } of placesOf(subscription, header, change)) {
        queue.add(rules.regroup?.(group, change) ?? group, change, author, half);
      }
    }
  }

  function writerOf(subscription: Subscription): QueueWriter {
    const { queueName } = subscription;
    let queue = writers.get(queueName);
    if (queue === undefined) {
      queue = newWriter(subscription);
      writers.set(queueName, queue);
    }
    return queue;
  }

  function newWriter(subscription: Subscription): QueueWriter {
    const { format } = subscription;
    if (format === "envelope") {
      return new Envelopes(new MessagePacker(header.source, header.lane, subscription), writer);
    }
    const { now = Date.now } = rules;
    return new FormattedMessages({ header, subscription, format, writer, now });
  }

  return {
    queues: [...writers].map(([queueName, queue]) => ({ queueName, messages: queue.finish() })),
    byEnvironment,
    dropped,
    byAttribution,
  };
}

/**
 * The groups that a change goes to: one; or two when groups are keys and an update moved the row from one to another; or
 * one twice, where the format counts such an update as a delete and a create.
 */
function placesOf(
  { groupBy, format }: Subscription,
  header: FrameHeader,
  change: PlacedChange,
): readonly { readonly group: string; readonly half: KeyChangeHalf | undefined }[] {
  const group = groupOf(groupBy, header, change, change.key);
  if (change.oldKey === "") return [{ group, half: undefined }];
  const oldGroup = groupOf(groupBy, header, change, change.oldKey);
  return group === oldGroup && format !== "debezium"
    ? [{ group, half: undefined }]
    : [
        { group: oldGroup, half: "delete" },
        { group, half: "create" },
      ];
}

function groupOf(
  groupBy: Subscription["groupBy"],
  header: FrameHeader,
  change: PlacedChange,
  key: string,
): string {
  const [database, table] = header.tables[change.table] ?? ["", ""];
  switch (groupBy) {
    case "table":
      return tableGroup(database, table);
    case "source":
      return sourceGroup(header.source, header.lane);
    case "key":
      return keyGroup(database, table, key);
    default:
      return groupBy satisfies never;
  }
}

function share(shares: Map<string, EnvironmentShare>, environment: string, commitMs: number): void {
  const { changes = 0, oldestCommitMs = commitMs } = shares.get(environment) ?? {};
  shares.set(environment, {
    changes: changes + 1,
    oldestCommitMs: Math.min(oldestCommitMs, commitMs),
  });
}
