import type { FrameHeader } from "../../wire/frame.ts";
import type { Author, Attribution } from "../../wire/session.ts";
import { UNROUTED } from "../../wire/names.ts";
import type { PlacedChange } from "../frame/read-frame.ts";
import type { EnvironmentOf } from "../routing/environments.ts";
import { keyGroup, sourceGroup, tableGroup } from "../routing/message-group.ts";
import type { Subscription, Subscriptions } from "../routing/subscriptions.ts";
import { changeWriter, type KeyChangeHalf } from "./change-text.ts";
import { MessagePacker } from "./message-packer.ts";
import type { QueueMessages } from "./outgoing-message.ts";

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

/** The messages that a frame's changes become: exactly those queues that the routing gives each change to. Deterministic. */
export function fanOut(
  header: FrameHeader,
  changes: readonly AuthoredChange[],
  rules: FanOutRules,
): FanOut {
  const writer = changeWriter(header);
  const packers = new Map<string, MessagePacker>();
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
    const texts = new Map<KeyChangeHalf | undefined, string>();
    for (const subscription of chosen) {
      const packer = packerOf(subscription);
      for (const { group, half } of placesOf(subscription, header, change)) {
        let text = texts.get(half);
        if (text === undefined) {
          text = writer.write(change, author, half);
          texts.set(half, text);
        }
        packer.add(rules.regroup?.(group, change) ?? group, change.position, text);
      }
    }
  }

  function packerOf(subscription: Subscription): MessagePacker {
    const { queueName } = subscription;
    let packer = packers.get(queueName);
    if (packer === undefined) {
      packer = new MessagePacker(header.source, header.lane, subscription);
      packers.set(queueName, packer);
    }
    return packer;
  }

  return {
    queues: [...packers].map(([queueName, packer]) => ({ queueName, messages: packer.finish() })),
    byEnvironment,
    dropped,
    byAttribution,
  };
}

/** The groups that a change goes to: one, or two when groups are keys and an update moved the row from one to another. */
function placesOf(
  { groupBy }: Subscription,
  header: FrameHeader,
  change: PlacedChange,
): readonly { readonly group: string; readonly half: KeyChangeHalf | undefined }[] {
  const [database, table] = header.tables[change.table] ?? ["", ""];
  switch (groupBy) {
    case "table":
      return [{ group: tableGroup(database, table), half: undefined }];
    case "source":
      return [{ group: sourceGroup(header.source, header.lane), half: undefined }];
    case "key": {
      const group = keyGroup(database, table, change.key);
      const oldGroup = change.oldKey === "" ? group : keyGroup(database, table, change.oldKey);
      return group === oldGroup
        ? [{ group, half: undefined }]
        : [
            { group: oldGroup, half: "delete" },
            { group, half: "create" },
          ];
    }
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
