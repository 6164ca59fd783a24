import { shareBatch } from "../../../../functions/delivery/message-batch.ts";
import { NO_FILTERS } from "../../../../functions/filters/filters.ts";
import { readFrame } from "../../../../functions/frame/read-frame.ts";
import { mapNonEmpty, type NonEmpty } from "../../../../functions/ground/non-empty.ts";
import { fanOut, type FanOutRules } from "../../../../functions/message/fan-out.ts";
import type {
  FrameShare,
  OutgoingMessage,
} from "../../../../functions/message/outgoing-message.ts";
import type { Subscription } from "../../../../functions/routing/subscriptions.ts";
import { attribute } from "../../../../functions/sessions/attribute.ts";
import { parsePosition } from "../../../../wire/position.ts";
import { SOURCE, TestLane, type TestChange } from "../frames.ts";

export const QUEUE = "queue.fifo";

/** The groups whose changes the queue gets before and after the configuration is changed. */
export interface Groups {
  readonly before: string;
  readonly after: string;
  /** How many times it is changed, there and back. Absent: once. */
  readonly changes?: number;
}

export interface ModelFrame {
  readonly first: string;
  readonly last: string;
  readonly previous: string | null;
  /**
   * The queue's share of the frame; `isFaulty`: while the first release or configuration is there.
   */
  readonly shares: (isFaulty: boolean) => FrameShare | null;
  readonly messages: readonly OutgoingMessage[];
}

/** The table whose rows the queue does not get. */
const OTHER_TABLE = "other";

/** A queue whose format leaves statements out. */
export const SUBSCRIPTION: Subscription = {
  subscriber: "billing",
  environment: "production",
  queueName: QUEUE,
  groupBy: "table",
  format: "debezium",
};

/**
 *   sound      does not throw
 *   faulty     throws for lower-case changes
 *   no-writer  throws whenever code runs for the queue
 *   earlier    a share begins and ends with its messages
 */
type Release = "sound" | "faulty" | "no-writer" | "earlier";

function mistake(): never {
  throw new TypeError("a mistake in our own code");
}

export function rules(release: Release): FanOutRules {
  return {
    filters: release === "no-writer" ? { ...NO_FILTERS, of: mistake } : NO_FILTERS,
    environmentOf: Object.assign(() => SUBSCRIPTION.environment, { dependsOnHost: () => false }),
    subscriptions: {
      of: (_environment, _op, _database, table) => (table === OTHER_TABLE ? [] : [SUBSCRIPTION]),
      everywhere: () => [SUBSCRIPTION],
      pair: () => SUBSCRIPTION,
      hasQueue: () => true,
      any: () => true,
      hasMessagePerChange: true,
    },
    regroup: (group, { op }) => {
      return release === "faulty" && op === "d" ? mistake() : group;
    },
  };
}

const known = new Map<string, readonly ModelFrame[]>();

/** The frames of these changes. They are cached, because making them takes most of the time. */
export function framesOf(
  frames: readonly string[],
  life: string | null,
  release: Release,
  groups: Groups | null,
): readonly ModelFrame[] {
  const name = JSON.stringify([frames, life, release, groups]);
  const frame = known.get(name) ?? makeFrames(frames, life, release, groups);
  known.set(name, frame);
  return frame;
}

function makeFrames(
  frames: readonly string[],
  life: string | null,
  release: Release,
  groups: Groups | null,
): readonly ModelFrame[] {
  const lane = new TestLane(0, 1, life);
  const named = life === null ? {} : { life };
  return frames.map((letters) => {
    const frame = readFrame(lane.frame(letters.split("").map(changeOf)), SOURCE);
    const { authored } = attribute(frame, frame.changes, new Map(), rules("sound").environmentOf);
    const faulty = fanOut(frame, authored, rules(release)).queues[0] ?? null;
    const sound = fanOut(frame, authored, rules("sound")).queues[0] ?? null;
    const messages = shortened(sound) ?? [];
    const withMessages = (share: FrameShare | null): FrameShare | null => {
      const short = shortened(share);
      if (share === null || short === null)
        return share?.kind === "fault"
          ? { ...share, first: shortPosition(share.first), last: shortPosition(share.last) }
          : null;
      const place = { first: shortPosition(share.first), last: shortPosition(share.last) };
      return { kind: "messages", queueName: QUEUE, ...named, ...place, messages: short };
    };
    const whole = withMessages(sound);
    const after = groups === null ? whole : onlyOf(groups.after, whole);
    const before = groups === null ? withMessages(faulty) : onlyOf(groups.before, whole);
    const whileFaulty = release === "earlier" ? asEarlier(whole) : before;
    return {
      first: shortPosition(frame.first),
      last: shortPosition(frame.last),
      previous: frame.previous === null ? null : shortPosition(frame.previous),
      shares: (isFaulty) => (isFaulty ? whileFaulty : after),
      messages,
    };
  });
}

function asEarlier(share: FrameShare | null): FrameShare | null {
  if (share?.kind !== "messages") return share;
  const { first, last } = { ...shareBatch(share), ...shareBatch(share).former };
  return { ...share, first, last };
}

/** A share as it is when the queue gets the changes of these groups only. */
function onlyOf(groups: string, share: FrameShare | null): FrameShare | null {
  if (share?.kind !== "messages") return share;
  const [first, ...more] = share.messages.filter(({ group }) => groups.includes(group));
  if (first === undefined) return null;
  const { last } = more.at(-1) ?? first;
  return { ...share, first: first.first, last, messages: [first, ...more] };
}

function changeOf(letter: string): TestChange {
  if (letter === "-") return { table: "shop.A", op: "ddl" };
  if (letter === ".") return { table: `shop.${OTHER_TABLE}` };
  return {
    table: `shop.${letter.toUpperCase()}`,
    op: letter === letter.toUpperCase() ? "c" : "d",
  };
}

/**
 * A share's messages with short names and positions, because the explorer compares states often.
 */
export function shortened(share: FrameShare | null): NonEmpty<OutgoingMessage> | null {
  if (share?.kind !== "messages") return null;
  return mapNonEmpty(share.messages, (message) => {
    const group = message.group.slice("shop.".length);
    const first = shortPosition(message.first);
    const last = shortPosition(message.last);
    return { ...message, group, first, last, deduplicationId: group + first, body: "" };
  });
}

/** The number of the change at a position; a change of a test lane takes 100 bytes. */
function shortPosition(position: string): string {
  return String(parsePosition(position).offset / 100).padStart(2, "0");
}

export function groupsOf(frames: readonly ModelFrame[]): Set<string> {
  return new Set(frames.flatMap(({ messages }) => messages.map(({ group }) => group)));
}

export function messagesOf(frames: readonly ModelFrame[], group: string): string[] {
  return frames.flatMap(({ messages }) =>
    messages
      .filter((message) => message.group === group)
      .map(({ deduplicationId }) => deduplicationId),
  );
}
