import {
  deliverFrames,
  type DeliveryResult,
} from "../../../../functions/delivery/deliver-frames.ts";
import { parkedStreams } from "../../../../functions/delivery/hand-over.ts";
import type { LaneState, Lanes } from "../../../../functions/delivery/lanes-table.ts";
import { readBatchBody, shareBatch } from "../../../../functions/delivery/message-batch.ts";
import { nextBatches } from "../../../../functions/delivery/request-batches.ts";
import type { SendResult, Sender } from "../../../../functions/delivery/queue-sender.ts";
import {
  lastOf,
  recordKey,
  type Batch,
  type ParkedRecord,
  type RecordKey,
  type Trouble,
} from "../../../../functions/failures/parked.ts";
import { isOfTwinLife, type NamedPosition } from "../../../../functions/failures/named-position.ts";
import type { DrainItems } from "../../../../functions/failures/retry-items.ts";
import type { StreamItems } from "../../../../functions/failures/route-items.ts";
import { queueStream } from "../../../../functions/failures/stream.ts";
import { chainStep, endOf, type LanePosition } from "../../../../functions/frame/chain.ts";
import { OtherLifeError } from "../../../../functions/ground/errors.ts";
import { mapNonEmpty, type NonEmpty } from "../../../../functions/ground/non-empty.ts";
import { parsePosition } from "../../../../wire/position.ts";
import { NO_FILTERS } from "../../../../functions/filters/filters.ts";
import { bytesOf } from "../../../../wire/utf8-text.ts";
import { parkedRecord } from "../parked-record.ts";
import { readFrame } from "../../../../functions/frame/read-frame.ts";
import { fanOut, type FanOutRules } from "../../../../functions/message/fan-out.ts";
import type {
  FrameShare,
  OutgoingMessage,
} from "../../../../functions/message/outgoing-message.ts";
import { openKept } from "../../../../functions/message/kept-changes.ts";
import { repeatFault } from "../../../../functions/message/repeat-fault.ts";
import type { Subscription } from "../../../../functions/routing/subscriptions.ts";
import { attribute } from "../../../../functions/sessions/attribute.ts";
import { drain } from "../../../../functions/retry/drain.ts";
import { deliverParts, messageParts } from "../../../../functions/retry/record-parts.ts";
import { SOURCE, TestLane, type TestChange } from "../frames.ts";
import { Actor, type Execution } from "./explore.ts";

export interface ModelOptions {
  /**
   * The changes of each frame, one letter each. An upper-case letter is a row of the message group
   * of that name: `["AB", "A"]` is two frames and three messages. A lower-case letter is a row of
   * the same group for which the message writer throws, until a corrected release is deployed. `-`
   * is a statement, which the queue's format leaves out.
   */
  readonly frames: readonly string[];
  /** The most frames that SQS gives to route at once. It may give fewer, and others each time. */
  readonly together: number;
  /** How many invocations of retry run at the same time; claims do not keep them apart. */
  readonly retries: number;
  readonly crashes: number;
  /** How many times the queue may fail or recover. */
  readonly toggles: number;
  /**
   * Whether the queue drops a message with a known deduplication id, as SQS does for five minutes.
   */
  readonly deduplication: boolean;
  /** How many messages one part of a record has. Absent: a record is sent as a whole. */
  readonly part?: number;
  /**
   * A twin life has used the stream before, up to positions after those of the frames: it is
   * closed, or one of its records is still parked. Absent: the stream was never opened.
   */
  readonly twin?: "closed" | "open";
  /**
   * Until a corrected release is deployed, our own code fails before it writes any message of the
   * queue, and also when it seals the changes for parking. Absent: it throws for lower-case changes
   * only.
   */
  readonly noWriter?: true;
  /**
   * Until the present release is deployed, an earlier one runs, in which a share begins and ends
   * with its messages.
   */
  readonly earlier?: true;
  /** A mistake in the protocol, which the model must find. */
  readonly mistake?: Mistake;
}

/**
 *   closes-blindly       retry closes the stream without checking the tail
 *   tail-beside-records  route moves the tail while the records are still being written
 *   beyond-the-tail      retry delivers the records that it finds, wherever the tail is
 *   opens-in-front       when a stream is opened, records that a killed route has left become part of it
 *   progress-ahead       retry notes a part of a record as done before it is sent
 *   drops-faults         retry counts a record without messages as delivered
 *   keeps-drained        a stream that a twin life has used is opened at the position that this life reached
 *   nameless             parked changes do not name their life
 */
export type Mistake =
  | "closes-blindly"
  | "tail-beside-records"
  | "beyond-the-tail"
  | "opens-in-front"
  | "progress-ahead"
  | "drops-faults"
  | "keeps-drained"
  | "nameless";

const QUEUE = "queue.fifo";
const STREAM = queueStream(0, QUEUE);
const TROUBLE: Trouble = { reason: "queue-unavailable", error: "" };

interface ModelRecord extends ParkedRecord {
  readonly bodyText: string;
  readonly share: string | null;
}

interface ModelState {
  status: "open" | "closed";
  tail: string;
  life: string | null;
  head: string;
  drained: string;
  holder: number;
}

/**
 * Route and retry around one queue: the real protocol code with a table, a lane and a queue in
 * memory. Every request to these is one step.
 */
export function handOverModel(options: ModelOptions): Execution {
  const isNamed = options.twin !== undefined && options.mistake !== "nameless";
  const release = options.noWriter ? "no-writer" : options.earlier ? "earlier" : "faulty";
  const frames = framesOf(options.frames, isNamed ? "present" : null, release);
  const hasFaults =
    options.noWriter ?? options.earlier ?? options.frames.some((letters) => /[a-z]/.test(letters));
  const arrived: OutgoingMessage[] = [];
  const records = new Map<string, ModelRecord>();
  const former = options.twin === "open" ? formerRecord() : null;
  if (former !== null) records.set(former.key, former);
  const keys = [...new Set(frames.flatMap(({ shares }) => [shares(true), shares(false)]))]
    .flatMap((share) => (share === null ? [] : [recordKey(shareBatch(share))]))
    .concat(former?.key ?? [])
    .filter((key, index, all) => all.indexOf(key) === index)
    .sort();
  let lane: LaneState = { lane: 0, delivered: null, life: null, troubled: new Set(), version: 0 };
  let state: ModelState | null = options.twin === undefined ? null : twinState(options.twin);
  /** The key from which the stream's records count, as of the last opening. */
  let openedAt = "";
  /** A record from before that key, which retry has delivered wrongly. */
  let leftOver: RecordKey | null = null;
  let queueUp = true;
  /** A record of messages that another record contains, too. */
  let doubled: RecordKey | null = null;
  /** Whether the message writer throws for some changes; a corrected release ends it. */
  let isFaulty = hasFaults;
  /** How many frames route gets at its next receive. */
  let given = options.together;
  let receiving = false;
  let { crashes, toggles } = options;

  const sender = (actor: Actor): Sender => ({
    async send(_queueName, messages): Promise<SendResult> {
      const unsent = new Set(messages);
      let refused = false;
      while (unsent.size > 0 && !refused) {
        // The entries of a request can fail one by one.
        const waiting = Array.from(unsent, (message) => {
          const { group, body } = message;
          return { message, group, bytes: bytesOf(body) };
        });
        for (const { message } of nextBatches(waiting).flat()) {
          const sent = await actor.step(`send ${message.deduplicationId}`, () => {
            if (queueUp) arrive(message);
            return queueUp;
          });
          if (sent) unsent.delete(message);
          else refused = true;
        }
      }
      if (!refused) return { kind: "sent" };
      return {
        kind: "trouble",
        trouble: TROUBLE,
        unsent: messages.filter((message) => unsent.has(message)),
      };
    },
  });

  function arrive(message: OutgoingMessage): void {
    const repeat = arrived.some(
      ({ deduplicationId }) => deduplicationId === message.deduplicationId,
    );
    if (!repeat || !options.deduplication) arrived.push(message);
  }

  const lanes = (actor: Actor): Lanes => ({
    read: () => actor.step("read lane", () => lane),
    write: (from, next) =>
      actor.step("write lane", () => {
        if (from.version !== lane.version) throw new Error("two routes at work on a lane");
        lane = { ...lane, ...next, version: lane.version + 1 };
        return lane;
      }),
  });

  const items = (actor: Actor): StreamItems => ({
    moveTail: (_stream, last) =>
      actor.step("move tail", () => {
        if (state?.status !== "open" || !isBefore(state, last)) return false;
        state = { ...state, tail: last.position, life: last.life };
        return true;
      }),
    open: (_stream, { head, tail: { position: tail, life }, twin }) =>
      actor.step("open", () => {
        if (state !== null) {
          const isThere =
            twin === null ? isBefore(state, { position: tail, life }) : state.tail === twin;
          if (state.status !== "closed" || !isThere) return false;
        }
        openedAt = head ?? "";
        const from = options.mistake === "opens-in-front" ? "" : openedAt;
        const drained = twin === null || options.mistake === "keeps-drained" ? state?.drained : "";
        state = { status: "open", head: from, tail, life, drained: drained ?? "", holder: -1 };
        return true;
      }),
    read: () => actor.step("read state", () => (state === null ? null : { ...state })),
    hasRecord: (_stream, key) => actor.step(`look for ${key}`, () => records.has(key)),
    recordsFrom: (_stream, first) =>
      actor.step(`look from ${first}`, () =>
        [...records.values()].filter(({ key }) => key > first),
      ),
    putRecord: async (_stream, batch) => {
      const written = actor.step(`put ${batch.last}`, () => write(batch, false));
      if (options.mistake !== "tail-beside-records") return await written;
      void written.catch(() => undefined);
      return true;
    },
    replaceRecord: (_stream, batch) =>
      actor.step(`replace ${batch.last}`, () => write(batch, true)),
    resolve: (_stream, key) => actor.step(`resolve ${key}`, () => resolve(key)),
  });

  function write(batch: Batch, instead: boolean): boolean {
    const key = recordKey(batch);
    const there = records.get(key);
    const replaceable = instead && there?.status === "parked" && there.attempts === 0;
    if (there !== undefined && !replaceable) return false;
    for (const other of records.keys()) {
      if (other !== key && other <= lastOf(key) && lastOf(other) >= batch.first) doubled = key;
    }
    records.set(key, {
      ...parkedRecord({ stream: STREAM, key, trouble: TROUBLE, count: batch.count }),
      bodyText: batch.body,
      share: batch.share ?? null,
    });
    return true;
  }

  function resolve(key: RecordKey): void {
    const record = records.get(key);
    if (record?.status === "parked") records.set(key, { ...record, status: "resolved" });
  }

  /**
   * Runs one invocation after the other. Each gets some frames, beginning with the first
   * undelivered.
   */
  async function routeAll(actor: Actor): Promise<void> {
    for (;;) {
      receiving = false;
      const present = await lanes(actor).read(0);
      const left = frames.filter(({ last }) => last > (present.delivered ?? ""));
      if (left.length === 0) return;
      receiving = true;
      const batch = left.slice(0, await actor.step("receive", () => given));
      receiving = false;
      given = options.together;
      let reached: LanePosition = present;
      for (const frame of batch) {
        if (chainStep(reached, frame).kind !== "deliver") throw new Error("a gap or a repeat");
        reached = endOf(reached, frame);
      }
      const effects = {
        lanes: lanes(actor),
        streams: parkedStreams(items(actor)),
        sender: sender(actor),
      };
      const faulty = hasFaults && (await actor.step("fan out", () => isFaulty));
      const queues = batch.map(({ shares }) => [shares(faulty)].filter((share) => share !== null));
      let result: DeliveryResult;
      try {
        result = await deliverFrames(present, queues, effects);
      } catch (error) {
        // SQS delivers the frames again.
        if (!(error instanceof OtherLifeError)) throw error;
        actor.forget();
        continue;
      }
      await lanes(actor).write(result.lane, { ...reached, troubled: result.troubled });
      actor.forget();
    }
  }

  const drainItems = (actor: Actor, number: number): DrainItems => ({
    claim: () =>
      actor.step("claim", () => {
        if (state?.status !== "open") return null;
        state.holder = number;
        return claimed(state, number);
      }),
    read: () => actor.step("read state", () => (state === null ? null : claimed(state, number))),
    async next(_stream, after, tail) {
      // A query is not atomic: each record is read at its own time.
      const found: ParkedRecord[] = [];
      for (const key of keys.filter(
        (candidate) =>
          candidate > after && (lastOf(candidate) <= tail || options.mistake === "beyond-the-tail"),
      )) {
        const status = await actor.step(`read ${key}`, () => records.get(key)?.status ?? null);
        const record = records.get(key);
        if (status !== null && record !== undefined) found.push({ ...record, status });
      }
      return found;
    },
    async noteFailure({ key }, { sent }) {
      await actor.step("note failure", () => {
        const record = records.get(key);
        if (record !== undefined)
          records.set(key, {
            ...record,
            attempts: record.attempts + 1,
            sent: new Set([...record.sent, ...sent]),
          });
      });
    },
    noteProgress: ({ key, progress, sent }) =>
      actor.step("note progress", () => {
        const record = records.get(key);
        if (record?.status !== "parked") return false;
        records.set(key, { ...record, progress, sent, attempts: Math.max(1, record.attempts) });
        return true;
      }),
    advance: ({ nextAttemptAt }, drained) =>
      actor.step("advance", () => {
        if (state?.status === "open" && state.holder === nextAttemptAt) state.drained = drained;
      }),
    resolve: ({ key }) => actor.step("resolve", () => resolve(key)),
    close: ({ life }, drained) =>
      actor.step("close", () => {
        if (state?.status !== "open" || (life !== null && state.life !== life)) return false;
        if (state.tail !== lastOf(drained) && options.mistake !== "closes-blindly") return false;
        state = { ...state, status: "closed", drained };
        return true;
      }),
    async postpone({ nextAttemptAt }, { drained }) {
      await actor.step("postpone", () => {
        if (state?.status === "open" && state.holder === nextAttemptAt) state.drained = drained;
      });
    },
  });

  function retryForEver(actor: Actor, number: number): () => Promise<void> {
    return async () => {
      for (;;) {
        actor.forget();
        await drain(
          STREAM,
          {
            items: drainItems(actor, number),
            deliver: async (record, progress) => {
              if (record.key < openedAt) leftOver = record.key;
              const parked = readBatchBody(records.get(record.key)?.bodyText ?? "[]");
              const isFault = parked.kind === "fault";
              if (isFault && options.mistake === "drops-faults") return { kind: "delivered" };
              if (isFault && (await actor.step("fan out", () => isFaulty)))
                return { kind: "failed", trouble: TROUBLE, sent: new Set() };
              const messages = isFault
                ? (shortened(
                    repeatFault(
                      parked,
                      openKept(parked, SOURCE, rules("sound").filters),
                      rules("sound"),
                    ).share,
                  ) ?? [])
                : parked.messages;
              const size = options.part ?? Number.MAX_SAFE_INTEGER;
              const parts = messageParts(QUEUE, messages, size);
              const first = parts.find(({ through }) => through > record.progress);
              if (options.mistake === "progress-ahead" && first !== undefined && parts.length > 1)
                await progress.reached(first.through);
              return await deliverParts(parts, record, progress, async ({ shares }) => {
                const left = shares
                  .flatMap((share) => (share.kind === "messages" ? share.messages : []))
                  .filter(({ deduplicationId }) => !record.sent.has(deduplicationId));
                const result = await sender(actor).send(QUEUE, left);
                if (result.kind === "sent") return { kind: "delivered" };
                const unsent = new Set(result.unsent);
                const through = left.filter((message) => !unsent.has(message));
                const sent = new Set(through.map(({ deduplicationId }) => deduplicationId));
                return { kind: "failed", trouble: result.trouble, sent };
              });
            },
            backoff: { baseMs: 0, longestMs: 0, attempts: Number.POSITIVE_INFINITY },
            claimMs: 0,
            now: () => 0,
            random: () => 0,
          },
          new AbortController().signal,
        );
      }
    };
  }

  function toggle(): void {
    toggles--;
    queueUp = !queueUp;
  }

  /** Everything in the state but the trouble that is still possible. */
  function world(): unknown {
    return [
      arrived.map(({ deduplicationId }) => deduplicationId),
      keys.map((key) => {
        const record = records.get(key);
        if (record === undefined) return null;
        const { status, attempts, progress, sent, bodyText } = record;
        return [status, attempts > 0, progress, [...sent], bodyText.length];
      }),
      { ...lane, version: 0, troubled: [...lane.troubled] },
      state,
      openedAt,
      given,
    ];
  }

  const router = new Actor("route");
  const retries = Array.from({ length: options.retries }, (_, n) => new Actor(`retry ${n}`));
  const actors = [router, ...retries];
  void router.run(() => routeAll(router));
  for (const [n, actor] of retries.entries()) void actor.run(retryForEver(actor, n));

  return {
    actors,
    crashable: () => (crashes > 0 ? actors.filter(({ waiting }) => waiting > 0) : []),
    crashed: () => void crashes--,
    events: () => [
      ...(toggles > 0 ? [toggle] : []),
      ...(receiving && given > 1 ? [() => void given--] : []),
      ...(isFaulty ? [() => void (isFaulty = false)] : []),
    ],
    snapshot: () => JSON.stringify([world(), queueUp, crashes, toggles, isFaulty]),
    calmSnapshot: () => JSON.stringify(world()),
    check() {
      if (doubled !== null) throw new Error(`${doubled} overlaps another record`);
      if (leftOver !== null) throw new Error(`${leftOver} was left over and is delivered`);
      for (const group of groupsOf(frames)) {
        const expected = messagesOf(frames, group);
        const seen = firstOccurrences(arrived, group);
        if (!seen.every((id, index) => id === expected[index])) {
          throw new Error(`group ${group} got ${seen.join(" ")}`);
        }
        const all = arrived.filter((message) => message.group === group).length;
        if (options.deduplication && all !== seen.length) throw new Error("a repeat got through");
      }
    },
    calm() {
      queueUp = true;
      isFaulty = false;
      crashes = 0;
      toggles = 0;
    },
    checkAtRest() {
      for (const group of groupsOf(frames)) {
        const missing = messagesOf(frames, group).length - firstOccurrences(arrived, group).length;
        if (missing !== 0) throw new Error(`group ${group} lacks ${missing} messages`);
      }
      if (state?.status === "open") throw new Error("the stream is still open");
      if (former !== null && !arrived.some(({ group }) => group === FORMER_GROUP))
        throw new Error("the twin life's message is missing");
      const left = [...records.values()].filter(({ status }) => status === "parked");
      // A killed route may leave records that stay beyond the tail, or before the next opening.
      const own = ({ key }: ParkedRecord) => key >= openedAt && lastOf(key) <= (state?.tail ?? "");
      if (options.crashes === 0 ? left.length > 0 : left.some(own)) {
        throw new Error("a record was left behind");
      }
    },
  };
}

interface ModelFrame {
  readonly first: string;
  readonly last: string;
  readonly previous: string | null;
  /**
   * The queue's share of the frame; `isFaulty`: while the message writer throws for some changes.
   */
  readonly shares: (isFaulty: boolean) => FrameShare | null;
  readonly messages: readonly OutgoingMessage[];
}

/** A queue whose format leaves statements out. */
const SUBSCRIPTION: Subscription = {
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

function rules(release: Release): FanOutRules {
  return {
    filters: release === "no-writer" ? { ...NO_FILTERS, of: mistake } : NO_FILTERS,
    environmentOf: Object.assign(() => SUBSCRIPTION.environment, { dependsOnHost: () => false }),
    subscriptions: {
      of: () => [SUBSCRIPTION],
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
function framesOf(
  frames: readonly string[],
  life: string | null,
  release: Release,
): readonly ModelFrame[] {
  const name = [life, release, ...frames].join();
  const frame = known.get(name) ?? makeFrames(frames, life, release);
  known.set(name, frame);
  return frame;
}

function makeFrames(
  frames: readonly string[],
  life: string | null,
  release: Release,
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
    const after = withMessages(sound);
    const whileFaulty = release === "earlier" ? asEarlier(after) : withMessages(faulty);
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

function changeOf(letter: string): TestChange {
  if (letter === "-") return { table: "shop.A", op: "ddl" };
  return {
    table: `shop.${letter.toUpperCase()}`,
    op: letter === letter.toUpperCase() ? "c" : "d",
  };
}

/**
 * A share's messages with short names and positions, because the explorer compares states often.
 */
function shortened(share: FrameShare | null): NonEmpty<OutgoingMessage> | null {
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

function groupsOf(frames: readonly ModelFrame[]): Set<string> {
  return new Set(frames.flatMap(({ messages }) => messages.map(({ group }) => group)));
}

function messagesOf(frames: readonly ModelFrame[], group: string): string[] {
  return frames.flatMap(({ messages }) =>
    messages
      .filter((message) => message.group === group)
      .map(({ deduplicationId }) => deduplicationId),
  );
}

function firstOccurrences(arrived: readonly OutgoingMessage[], group: string): string[] {
  const ids = arrived.filter((message) => message.group === group);
  return [...new Set(ids.map(({ deduplicationId }) => deduplicationId))];
}

/** The stream's state as a twin life has left it: after all positions of the frames. */
function twinState(status: "open" | "closed"): ModelState {
  const drained = status === "closed" ? FORMER_KEY : "";
  return { status, tail: "99", life: "former", head: "00", drained, holder: -1 };
}

const FORMER_KEY = "98/99/former";
const FORMER_GROUP = "former";

function formerRecord(): ModelRecord {
  const message: OutgoingMessage = {
    environment: SUBSCRIPTION.environment,
    group: FORMER_GROUP,
    deduplicationId: FORMER_GROUP,
    changes: 1,
    first: "98",
    last: "99",
    body: "",
  };
  return {
    ...parkedRecord({ stream: STREAM, key: FORMER_KEY, trouble: TROUBLE }),
    bodyText: JSON.stringify([message]),
    share: null,
  };
}

/** Whether a stream's tail is before a position and not of a twin life. */
function isBefore({ tail, life }: ModelState, last: NamedPosition): boolean {
  return tail < last.position && !isOfTwinLife({ position: tail, life }, last);
}

function claimed({ status, head, tail, life, drained }: ModelState, number: number) {
  return {
    stream: STREAM,
    status,
    head,
    tail,
    life,
    drained,
    attempts: 0,
    begun: 1,
    nextAttemptAt: number,
    isAsked: false,
    openedAt: 0,
    lastFailureAt: 0,
    trouble: TROUBLE,
  };
}
