import { ChangeBytes } from "../../wire/change-bytes.ts";
import { changePieces, changeWriter } from "../../wire/change-text.ts";
import { compactPieces } from "../../wire/compact-text.ts";
import type { Attribution } from "../../wire/session.ts";
import { UNROUTED } from "../../wire/names.ts";
import { FORMATS } from "../../wire/formats/formats.ts";
import type { PositionedChange } from "../frame/read-frame.ts";
import { type Filters, NO_FILTERS } from "../filters/filters.ts";
import type { EnvironmentOf } from "../routing/environments.ts";
import type { Subscription, Subscriptions } from "../routing/subscriptions.ts";
import { describeFault } from "../ground/describe-fault.ts";
import { remembered } from "../ground/remembered.ts";
import type { AuthoredChange } from "./authored-change.ts";
import { Destinations, type Destination, type TableRules } from "./destinations.ts";
import { Envelopes } from "./envelopes.ts";
import { FormattedMessages } from "./formatted-messages.ts";
import type { FrameShare, MessageHeader, QueueWriter } from "./outgoing-message.ts";
import { QueueChanges } from "./queue-changes.ts";

export interface FanOutRules {
  readonly environmentOf: EnvironmentOf;
  readonly subscriptions: Subscriptions;
  /** When omitted, every subscriber gets whole rows. */
  readonly filters?: Filters;
  /** Replaces the usual message group, for changes that are delivered late. */
  readonly regroup?: (group: string, change: PositionedChange) => string;
  /**
   * Milliseconds since 1970, for formats that contain the time of writing; when omitted, the system
   * clock.
   */
  readonly now?: () => number;
}

/** Statistics about a frame's changes for one environment. */
interface EnvironmentShare {
  readonly changes: number;
  /** The commit time of the oldest of these changes, milliseconds since 1970. */
  readonly oldestCommitMs: number;
}

export interface FanOut {
  readonly queues: readonly FrameShare[];
  /**
   * Changes whose environment the router failed to decide, so that their queues are unknown; null
   * when there are none.
   */
  readonly undecided: {
    readonly changes: readonly AuthoredChange[];
    readonly error: string;
  } | null;
  /**
   * Changes that go to at least one queue, by their author's environment. `dropped` is the number
   * of changes that were dropped because of their author.
   */
  readonly byEnvironment: ReadonlyMap<string, EnvironmentShare>;
  readonly dropped: number;
  readonly byAttribution: ReadonlyMap<Attribution, number>;
}

/**
 * Makes messages of a frame's changes, for the queues that the routing gives each change to. The
 * result is deterministic, except for the time of writing in some formats. A queue whose format
 * leaves out all its changes has no share. An exception caused by a bug affects only the queue or
 * the change for which it was thrown.
 */
export function fanOut(
  header: MessageHeader,
  changes: readonly AuthoredChange[],
  rules: FanOutRules,
): FanOut {
  const { environmentOf, subscriptions, regroup, filters = NO_FILTERS } = rules;
  const changeBytes = new ChangeBytes(changePieces(header));
  const compactBytes = remembered(() => new ChangeBytes(compactPieces(header)));
  const queues = new Map<string, QueueChanges>();
  const destinations = new Destinations(header, {
    environmentOf,
    subscriptions,
    queueOf,
    writeBy,
    filters,
  });
  const undecided = new Set<AuthoredChange>();
  let error = "";

  for (const authored of changes) {
    const { change } = authored;
    const destination = decide(authored);
    if (destination === null) continue;
    const { timestampMs = 0 } = header.transactions[change.transaction] ?? {};
    destination.changes++;
    if (timestampMs < destination.oldestCommitMs) destination.oldestCommitMs = timestampMs;
    const { queues: receivers } = destination;
    // Not with an iterator, which is an object for each change.
    for (let index = 0; index < receivers.length; index++) {
      const receiver = receivers[index];
      if (receiver === undefined) continue;
      const { queue, undecided: doubt, write } = receiver;
      if (doubt !== undefined) queue.keep(authored, doubt);
      else queue.add(authored, write);
    }
  }

  /** One function for all changes of a table: one for each would be garbage. */
  function writeBy(rulesOfTable: () => TableRules) {
    return (writer: QueueWriter, { change, author }: AuthoredChange): void => {
      const tableRules = rulesOfTable();
      const wanted = tableRules.filter === null ? change : tableRules.filter(change);
      if (wanted === null) return;
      const halves = halvesOf(tableRules, wanted);
      if (halves === null) {
        writer.add(groupFor(tableRules.groupOf(wanted.key), change), wanted, author);
        return;
      }
      writer.add(groupFor(halves.oldGroup, change), wanted, author, "delete");
      writer.add(groupFor(halves.group, change), wanted, author, "create");
    };
  }

  function groupFor(group: string, change: PositionedChange): string {
    return regroup?.(group, change) ?? group;
  }

  function decide(authored: AuthoredChange): Destination | null {
    try {
      return destinations.of(authored.change, authored.author);
    } catch (thrown) {
      undecided.add(authored);
      error = describeFault(thrown);
      return null;
    }
  }

  function queueOf(subscription: Subscription): QueueChanges {
    const { queueName } = subscription;
    let queue = queues.get(queueName);
    if (queue === undefined) {
      queue = new QueueChanges(subscription, {
        newWriter: () => newWriter(subscription),
        seal: (frame) => filters.of(subscription.subscriber)?.seal(frame) ?? frame,
      });
      queues.set(queueName, queue);
    }
    return queue;
  }

  function newWriter(subscription: Subscription): QueueWriter {
    const { format } = subscription;
    const { write } = FORMATS[format];
    const filter = filters.of(subscription.subscriber);
    if (write === null) {
      const bytes = format === "compact" ? compactBytes() : changeBytes;
      return new Envelopes(header, subscription, bytes);
    }
    const { now = Date.now } = rules;
    return new FormattedMessages({
      header: filter === null ? header : { ...header, ...filter.header(header) },
      subscription,
      write,
      writeChange: changeWriter(header),
      now,
    });
  }

  return {
    queues: [...queues.values()].flatMap((queue) => queue.share(header) ?? []),
    undecided: undecided.size === 0 ? null : { changes: [...undecided], error },
    ...tally(destinations.all),
  };
}

/**
 * The message groups of an update that is split into a delete and a create; null for a change that
 * goes to one group. An update that changes the key is split if the old and the new key have
 * different groups, or if the rules always split such updates.
 */
function halvesOf(
  { splitsKeyChanges, groupOf }: TableRules,
  { key, oldKey }: PositionedChange,
): { readonly oldGroup: string; readonly group: string } | null {
  if (oldKey === "") return null;
  const group = groupOf(key);
  const oldGroup = groupOf(oldKey);
  return group === oldGroup && !splitsKeyChanges ? null : { oldGroup, group };
}

/** Sums up the numbers of changes by environment and attribution. */
function tally(destinations: readonly Destination[]): Omit<FanOut, "queues" | "undecided"> {
  const byEnvironment = new Map<string, EnvironmentShare>();
  const byAttribution = new Map<Attribution, number>();
  let dropped = 0;
  for (const { environment, author, queues, changes, oldestCommitMs } of destinations) {
    if (queues.length === 0) {
      if (environment === null) dropped += changes;
      continue;
    }
    const name = environment ?? UNROUTED;
    const before = byEnvironment.get(name);
    byEnvironment.set(name, {
      changes: (before?.changes ?? 0) + changes,
      oldestCommitMs: Math.min(before?.oldestCommitMs ?? Infinity, oldestCommitMs),
    });
    const { attribution } = author;
    byAttribution.set(attribution, (byAttribution.get(attribution) ?? 0) + changes);
  }
  return { byEnvironment, dropped, byAttribution };
}
