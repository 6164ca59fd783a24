import {
  deliverFrames,
  type DeliveryResult,
} from "../../../../functions/delivery/deliver-frames.ts";
import { findClosed } from "../../../../functions/delivery/closed-streams.ts";
import { parkedStreams } from "../../../../functions/delivery/hand-over.ts";
import type { LaneState, Lanes } from "../../../../functions/delivery/lanes-table.ts";
import { readBatchBody, shareBatch } from "../../../../functions/delivery/message-batch.ts";
import { nextBatches } from "../../../../functions/delivery/request-batches.ts";
import type { SendResult, Sender } from "../../../../functions/delivery/queue-sender.ts";
import {
  lastOf,
  positionBehind,
  recordKey,
  type Batch,
  type ParkedRecord,
  type RecordKey,
  type Trouble,
} from "../../../../functions/failures/parked.ts";
import { isOfTwinLife, type NamedPosition } from "../../../../functions/failures/named-position.ts";
import type { AttemptProgress, Redelivery } from "../../../../functions/retry/redelivery.ts";
import type { DrainItems } from "../../../../functions/failures/retry-items.ts";
import type { StreamItems } from "../../../../functions/failures/route-items.ts";
import { queueStream } from "../../../../functions/failures/stream.ts";
import { chainStep, endOf, type LanePosition } from "../../../../functions/frame/chain.ts";
import { OtherLifeError } from "../../../../functions/ground/errors.ts";
import { bytesOf } from "../../../../wire/utf8-text.ts";
import { parkedRecord } from "../parked-record.ts";
import type {
  FrameShare,
  OutgoingMessage,
} from "../../../../functions/message/outgoing-message.ts";
import { openKept } from "../../../../functions/message/kept-changes.ts";
import { repeatFault } from "../../../../functions/message/repeat-fault.ts";
import { drain } from "../../../../functions/retry/drain.ts";
import { deliverParts, messageParts } from "../../../../functions/retry/record-parts.ts";
import { SOURCE } from "../frames.ts";
import type { Actor } from "./actor.ts";
import type { Model } from "./explore.ts";
import {
  framesOf,
  groupsOf,
  messagesOf,
  QUEUE,
  rules,
  shortened,
  SUBSCRIPTION,
  type Groups,
} from "./hand-over-frames.ts";

export interface ModelOptions {
  /**
   * The changes of each frame, one letter each. An upper-case letter is a row of the message group
   * of that name: `["AB", "A"]` is two frames and three messages. A lower-case letter is a row of
   * the same group for which the message writer throws, until a corrected release is deployed. `-`
   * is a statement, which the queue's format leaves out; `.` is a row that the queue does not get.
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
  /**
   * The configuration is changed at some time, and with it which changes the queue gets. Absent: it
   * gets all.
   */
  readonly groups?: Groups;
  /** Route sends the first message of the next frame while it writes the position of a frame. */
  readonly ahead?: true;
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
 *   no-digests           records do not tell what they were made of
 *   ahead-of-parked      route sends the next frame's first message although a frame was parked
 */
export type Mistake =
  | "closes-blindly"
  | "tail-beside-records"
  | "beyond-the-tail"
  | "opens-in-front"
  | "progress-ahead"
  | "drops-faults"
  | "keeps-drained"
  | "no-digests"
  | "ahead-of-parked";

const STREAM = queueStream(0, QUEUE);
const TROUBLE: Trouble = { reason: "queue-unavailable", error: "" };

interface ModelRecord extends ParkedRecord {
  readonly bodyText: string;
  readonly share: string | null;
}

interface ModelState {
  readonly status: "open" | "closed";
  readonly tail: string;
  readonly life: string | null;
  readonly head: string;
  readonly drained: string;
  readonly holder: number;
}

/** What is stored outside of route and retry, and the trouble that is still possible. */
interface World {
  arrived: readonly OutgoingMessage[];
  records: ReadonlyMap<RecordKey, ModelRecord>;
  lane: LaneState;
  state: ModelState | null;
  /** The key from which the stream's records count, as of the last opening. */
  openedAt: string;
  queueUp: boolean;
  /**
   * Whether the first release or configuration is there, with which the message writer may throw
   * for some changes, or the queue gets others.
   */
  isFaulty: boolean;
  crashes: number;
  toggles: number;
  /** How many times the release or the configuration may still change. */
  changes: number;
  /** The messages of frames that count as delivered, with `groups`. */
  owed: readonly string[];
}

/**
 * Route and retry around one queue: the real protocol code with a table, a lane and a queue in
 * memory. Every request to these is one step.
 */
export function handOverModel(options: ModelOptions): Model<World> {
  const { groups = null } = options;
  const isNamed = options.twin !== undefined;
  const release = options.noWriter ? "no-writer" : options.earlier ? "earlier" : "faulty";
  const frames = framesOf(options.frames, isNamed ? "present" : null, release, groups);
  const hasFaults =
    options.noWriter === true ||
    options.earlier === true ||
    groups !== null ||
    options.frames.some((letters) => /[a-z]/.test(letters));
  const former = options.twin === "open" ? formerRecord() : null;
  const keys = [...new Set(frames.flatMap(({ shares }) => [shares(true), shares(false)]))]
    .flatMap((share) => (share === null ? [] : [recordKey(shareBatch(share))]))
    .concat(options.twin === undefined ? [] : FORMER_KEY)
    .flatMap((key) => {
      const behind = positionBehind(lastOf(key));
      const twice = positionBehind(behind);
      // Where records go whose own places are taken.
      return groups === null && options.twin === undefined
        ? [key]
        : [key, `${behind}/${behind}`, `${twice}/${twice}`];
    })
    .filter((key, index, all) => all.indexOf(key) === index)
    .sort();
  const start: World = {
    arrived: [],
    records: new Map(former === null ? [] : [[former.key, former]]),
    lane: { lane: 0, delivered: null, life: null, troubled: new Set(), version: 0 },
    state: options.twin === undefined ? null : twinState(options.twin),
    openedAt: "",
    queueUp: true,
    isFaulty: hasFaults,
    crashes: options.crashes,
    toggles: options.toggles,
    changes: hasFaults ? (groups?.changes ?? 1) : 0,
    owed: [],
  };

  const sender = (actor: Actor<World>): Sender => ({
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
          const sent = await actor.step(`send ${message.deduplicationId}`, (world) => {
            if (world.queueUp) arrive(world, message);
            return world.queueUp;
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

  /** Its answer is not kept: the message is sent once more in its turn, as after a crash. */
  async function sendFirst(actor: Actor<World>, share: FrameShare | null | undefined) {
    const [first] = share?.kind === "messages" ? share.messages : [];
    if (first !== undefined) await sender(actor).send(QUEUE, [first]);
  }

  function arrive(world: World, message: OutgoingMessage): void {
    const repeat = world.arrived.some(
      ({ deduplicationId }) => deduplicationId === message.deduplicationId,
    );
    if (!repeat || !options.deduplication) world.arrived = [...world.arrived, message];
  }

  const lanes = (actor: Actor<World>): Lanes => ({
    // Versions count from the last read, so that states that differ by them alone are the same.
    read: () => actor.step("read lane", (world) => (world.lane = { ...world.lane, version: 0 })),
    write: (from, next) => actor.step("write lane", (world) => writeLane(world, from, next)),
  });

  function writeLane(world: World, from: LaneState, next: Parameters<Lanes["write"]>[1]) {
    const { lane } = world;
    if (from.version !== lane.version) throw new Error("two routes at work on a lane");
    return (world.lane = { ...lane, ...next, version: lane.version + 1 });
  }

  const items = (actor: Actor<World>): StreamItems => ({
    moveTail: (_stream, last) =>
      actor.step("move tail", (world) => {
        const { state } = world;
        if (state?.status !== "open" || !isBefore(state, last)) return false;
        world.state = { ...state, tail: last.position, life: last.life };
        return true;
      }),
    open: (_stream, { head, tail: { position: tail, life }, twin }) =>
      actor.step("open", (world) => {
        const { state } = world;
        if (state !== null) {
          const isThere =
            twin === null ? isBefore(state, { position: tail, life }) : state.tail === twin;
          if (state.status !== "closed" || !isThere) return false;
        }
        world.openedAt = head ?? "";
        const from = options.mistake === "opens-in-front" ? "" : world.openedAt;
        const isReset = twin !== null && options.mistake !== "keeps-drained";
        const drained = isReset ? "" : (state?.drained ?? "");
        world.state = { status: "open", head: from, tail, life, drained, holder: -1 };
        return true;
      }),
    read: () => actor.step("read state", ({ state }) => state),
    hasRecord: (_stream, key) => actor.step(`look for ${key}`, ({ records }) => records.has(key)),
    recordsFrom: (_stream, first) =>
      actor.step(`look from ${first}`, ({ records }) =>
        Array.from(records.values(), ({ key, share }) => ({ key, share }))
          .filter(({ key }) => key > first)
          .sort((a, b) => (a.key < b.key ? -1 : 1)),
      ),
    putRecord: async (_stream, batch) => {
      const written = actor.step(`put ${batch.last}`, (world) => write(world, batch, false));
      return options.mistake === "tail-beside-records" || (await written);
    },
    replaceRecord: (_stream, batch) =>
      actor.step(`replace ${batch.last}`, (world) => write(world, batch, true)),
    resolve: (_stream, key) => actor.step(`resolve ${key}`, (world) => resolve(world, key)),
  });

  function write(world: World, batch: Batch, instead: boolean): boolean {
    const key = recordKey(batch);
    const there = world.records.get(key);
    const isSame = batch.share === undefined || (there?.share ?? batch.share) === batch.share;
    const replaceable = instead && isSame && there?.status === "parked" && there.attempts === 0;
    if (there !== undefined && !replaceable) return false;
    if (!keys.includes(key)) throw new Error(`retry would not read ${key}`);
    // With other changes, a frame may come again around a record that a killed route has left.
    for (const other of groups === null ? world.records.keys() : []) {
      if (other !== key && other <= lastOf(key) && lastOf(other) >= batch.first)
        throw new Error(`${key} overlaps another record`);
    }
    note(world, {
      ...parkedRecord({ stream: STREAM, key, trouble: TROUBLE, count: batch.count }),
      // A time, as far as two records with one key have different ones.
      parkedAt: there === undefined ? 0 : there.parkedAt + 1,
      bodyText: batch.body,
      share: options.mistake === "no-digests" ? null : (batch.share ?? null),
    });
    return true;
  }

  function resolve(world: World, key: RecordKey): void {
    const record = world.records.get(key);
    if (record?.status === "parked") note(world, { ...record, status: "resolved" });
  }

  function note(world: World, record: ModelRecord): void {
    world.records = new Map(world.records).set(record.key, record);
  }

  /**
   * Runs one invocation after the other. Each gets some frames, beginning with the first
   * undelivered.
   */
  async function routeAll(actor: Actor<World>): Promise<void> {
    for (;;) {
      actor.forget();
      const present = await lanes(actor).read(0);
      const left = frames.filter(({ last }) => last > (present.delivered ?? ""));
      if (left.length === 0) return;
      const given = Array.from({ length: options.together }, (_, n) => () => n + 1);
      const batch = left.slice(0, await actor.step("receive", ...given.reverse()));
      let reached: LanePosition = present;
      for (const frame of batch) {
        if (chainStep(reached, frame).kind !== "deliver") throw new Error("a gap or a repeat");
        reached = endOf(reached, frame);
      }
      const effects = {
        lanes: lanes(actor),
        streams: parkedStreams(items(actor)),
        sender: sender(actor),
        // Of a new instance, so that it looks.
        findClosed: findClosed(items(actor), () => 0),
      };
      const faulty = hasFaults && (await actor.step("fan out", ({ isFaulty }) => isFaulty));
      const queues = batch.map(({ shares }) => [shares(faulty)].filter((share) => share !== null));
      let result: DeliveryResult;
      try {
        result = await deliverFrames(present, queues, effects);
      } catch (error) {
        // SQS delivers the frames again.
        if (!(error instanceof OtherLifeError)) throw error;
        continue;
      }
      const mayGoAhead = result.isClear || options.mistake === "ahead-of-parked";
      const behind = options.ahead && mayGoAhead ? left[batch.length]?.shares(faulty) : undefined;
      await Promise.all([
        sendFirst(actor, behind),
        actor.step("write lane", (world) => {
          if (groups !== null) world.owed = [...world.owed, ...queues.flat().flatMap(idsOf)];
          writeLane(world, result.lane, { ...reached, troubled: result.troubled });
        }),
      ]);
    }
  }

  const drainItems = (actor: Actor<World>, number: number): DrainItems => ({
    claim: () =>
      actor.step("claim", (world) => {
        if (world.state?.status !== "open") return null;
        world.state = { ...world.state, holder: number };
        return claimed(world.state, number);
      }),
    read: () =>
      actor.step("read state", ({ state }) => (state === null ? null : claimed(state, number))),
    async next(_stream, after, tail) {
      // A query is not atomic: each record is read at its own time.
      const found: ParkedRecord[] = [];
      for (const key of keys.filter(
        (candidate) =>
          candidate > after && (lastOf(candidate) <= tail || options.mistake === "beyond-the-tail"),
      )) {
        const record = await actor.step(`read ${key}`, ({ records }) => records.get(key) ?? null);
        if (record !== null) found.push(record);
      }
      return found;
    },
    async noteFailure({ key }, { sent }) {
      await actor.step("note failure", (world) => {
        const record = world.records.get(key);
        if (record?.status !== "parked") return;
        note(world, { ...record, attempts: 1, sent: new Set([...record.sent, ...sent]) });
      });
    },
    noteProgress: ({ key, progress, sent, parkedAt }) =>
      actor.step("note progress", (world) => {
        const record = world.records.get(key);
        if (record?.status !== "parked" || record.parkedAt !== parkedAt) return false;
        note(world, { ...record, progress, sent, attempts: 1 });
        return true;
      }),
    advance: async (claim, drained) => {
      await actor.step("advance", (world) => setDrained(world, claim, drained));
    },
    resolve: ({ key }) => actor.step("resolve", (world) => resolve(world, key)),
    close: ({ life }, drained) =>
      actor.step("close", (world) => {
        const { state } = world;
        if (state?.status !== "open" || (life !== null && state.life !== life)) return false;
        if (state.tail !== lastOf(drained) && options.mistake !== "closes-blindly") return false;
        world.state = { ...state, status: "closed", drained };
        return true;
      }),
    async postpone(claim, { drained }) {
      await actor.step("postpone", (world) => setDrained(world, claim, drained));
    },
  });

  function setDrained(
    world: World,
    { nextAttemptAt }: { readonly nextAttemptAt: number },
    drained: RecordKey,
  ): void {
    const { state } = world;
    if (state?.status === "open" && state.holder === nextAttemptAt)
      world.state = { ...state, drained };
  }

  function retryForEver(number: number): (actor: Actor<World>) => Promise<void> {
    return async (actor) => {
      for (;;) {
        actor.forget();
        await drain(
          STREAM,
          {
            items: drainItems(actor, number),
            deliver: (record, progress) => deliver(actor, record, progress),
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

  async function deliver(
    actor: Actor<World>,
    record: ParkedRecord,
    progress: AttemptProgress,
  ): Promise<Redelivery> {
    const { key } = record;
    actor.observe(({ openedAt }) => {
      if (key < openedAt) throw new Error(`${key} was left over and is delivered`);
    });
    const parked = readBatchBody((record as ModelRecord).bodyText);
    const isFault = parked.kind === "fault";
    if (isFault && options.mistake === "drops-faults") return { kind: "delivered" };
    if (isFault && (await actor.step("fan out", ({ isFaulty }) => isFaulty)))
      return { kind: "failed", trouble: TROUBLE, sent: new Set() };
    const { filters } = rules("sound");
    const messages = isFault
      ? (shortened(repeatFault(parked, openKept(parked, SOURCE, filters), rules("sound")).share) ??
        [])
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
  }

  /** Everything in the world but the trouble that is still possible. */
  function calmText({ arrived, records, lane, state, openedAt, owed }: World): string {
    const ids = arrived.map(({ deduplicationId }) => deduplicationId).join();
    const present = keys.map((key) => recordText(records.get(key)));
    const { version, delivered, troubled } = lane;
    const { status, tail, life, head, drained, holder } = state ?? {};
    const named = [version, delivered, lane.life, ...troubled, openedAt, ...owed];
    return [ids, ...present, ...named, status, tail, life, head, drained, holder].join(" ");
  }

  return {
    start,
    actors: [
      routeAll,
      ...Array.from({ length: options.retries }, (_, number) => retryForEver(number)),
    ],
    copy: (world) => ({ ...world }),
    text(world) {
      const { queueUp, crashes, toggles, isFaulty, changes } = world;
      return `${calmText(world)} ${queueUp} ${crashes} ${toggles} ${isFaulty} ${changes}`;
    },
    calmText,
    mayCrash: ({ crashes }) => crashes > 0,
    crash: (world) => void world.crashes--,
    events: ({ toggles, changes }) => [
      ...(toggles > 0 ? [toggle] : []),
      ...(changes > 0 ? [change] : []),
    ],
    check({ arrived }) {
      for (const group of groupsOf(frames)) {
        const expected = messagesOf(frames, group);
        const seen = firstOccurrences(arrived, group);
        const order = groups === null ? expected : expected.filter((id) => seen.includes(id));
        if (!seen.every((id, index) => id === order[index])) {
          throw new Error(`group ${group} got ${seen.join(" ")}`);
        }
        const all = arrived.filter((message) => message.group === group).length;
        if (options.deduplication && all !== seen.length) throw new Error("a repeat got through");
      }
    },
    calm(world) {
      Object.assign(world, { queueUp: true, isFaulty: false, crashes: 0, toggles: 0, changes: 0 });
    },
    checkAtRest({ arrived, records, state, openedAt, owed }) {
      for (const group of groupsOf(frames)) {
        const all = messagesOf(frames, group);
        const due = groups === null ? all : all.filter((id) => owed.includes(id));
        const seen = firstOccurrences(arrived, group);
        const missing = due.filter((id) => !seen.includes(id)).length;
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

function toggle(world: World): void {
  world.toggles--;
  world.queueUp = !world.queueUp;
}

function change(world: World): void {
  world.changes--;
  world.isFaulty = !world.isFaulty;
}

function idsOf(share: FrameShare): string[] {
  if (share.kind === "fault") return [];
  return share.messages.map(({ deduplicationId }) => deduplicationId);
}

function recordText(record: ModelRecord | undefined): string {
  if (record === undefined) return "-";
  const { status, attempts, progress, sent, share, parkedAt, bodyText } = record;
  const body = `${share} ${parkedAt} ${bodyText.length}`;
  return `${status} ${attempts} ${progress} ${[...sent].join()} ${body}`;
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
