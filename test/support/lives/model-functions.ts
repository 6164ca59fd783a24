import { deliverFrames } from "../../../functions/delivery/deliver-frames.ts";
import { findClosed } from "../../../functions/delivery/closed-streams.ts";
import { parkedStreams, type ParkedStreams } from "../../../functions/delivery/hand-over.ts";
import type { LaneState, Lanes } from "../../../functions/delivery/lanes-table.ts";
import type { Sender } from "../../../functions/delivery/queue-sender.ts";
import type { Batch, Trouble } from "../../../functions/failures/parked.ts";
import { chainStep, endOf } from "../../../functions/frame/chain.ts";
import { OtherLifeError } from "../../../functions/ground/errors.ts";
import { isNonEmpty, mapNonEmpty, type NonEmpty } from "../../../functions/ground/non-empty.ts";
import type { FrameShare, OutgoingMessage } from "../../../functions/message/outgoing-message.ts";
import { threadStream } from "../../../functions/failures/stream.ts";
import { shareBatch } from "../../../functions/delivery/message-batch.ts";
import type { Connection } from "../../../wire/session.ts";
import { drain } from "../../../functions/retry/drain.ts";
import type { LaneProgress } from "../../../reader/offsets/lane-layout.ts";
import { epochOf, type PositionText } from "../../../wire/position.ts";
import { NEW_LANE } from "../functions/new-lane.ts";
import { ModelFailures } from "./model-failures.ts";
import type { ModelRow } from "./model-server.ts";

export interface ModelChange extends ModelRow {
  readonly position: PositionText;
}

export interface ModelFrame {
  readonly lane: number;
  readonly first: PositionText;
  readonly last: PositionText;
  readonly previous: PositionText | null;
  readonly life?: string;
  readonly changes: readonly ModelChange[];
}

/** A message that the functions send: changes of one table. */
export interface ModelMessage {
  readonly group: string;
  readonly text: string;
  readonly first: PositionText;
  readonly last: PositionText;
  readonly changes: readonly ModelChange[];
}

/**
 *   one-per-thread   the parked changes of a connection are one stream for all lives
 *   by-epoch         a frame of an earlier epoch counts as delivered, whatever its life
 *   passes-parked    messages are sent although earlier ones of their queue are parked
 *   nameless-parked  parked changes do not name their life
 *   only-once        a lane takes only one beginning of a life
 */
export type FunctionMistake =
  | "one-per-thread"
  | "by-epoch"
  | "passes-parked"
  | "nameless-parked"
  | "only-once";

const QUEUE = "queue.fifo";
const NOBODY: Connection = { server: "server", run: 1, thread: 1 };
/** Whether an unknown connection wrote the row; an operator may later name its author. */
export function isOfNobody({ table, id }: ModelRow): boolean {
  return table === "notes" && id % 3 === 0;
}

const TROUBLE: Trouble = { reason: "queue-unavailable", error: "" };
const UNATTRIBUTED: Trouble = { reason: "unattributed", error: "" };

/**
 * The raw queue, the route function with its lanes, the failures table and the retry function,
 * around one queue. The functions' real code decides what is sent and what is parked.
 */
export class ModelFunctions {
  readonly #mistake: string | null;
  readonly #send: (message: ModelMessage) => void;
  readonly #failures = new ModelFailures();
  readonly #streams: ParkedStreams;
  raw: ModelFrame[] = [];
  /** Frames in the raw queue's dead-letter queue. */
  dead: ModelFrame[] = [];
  isQueueUp = true;
  /** Whether an operator has named the author of the unknown connection. */
  isAnswered = false;
  /** Whether a frame waits for parked changes of that connection. */
  isHeld = false;
  /**
   * Whether a frame waits because frames before it are missing, or changes before it are parked.
   */
  isGap = false;
  #lanes = new Map<number, LaneState>();
  #backup: ReadonlyMap<number, LaneState> = new Map();

  constructor(send: (message: ModelMessage) => void, mistake: string | null) {
    this.#send = send;
    this.#mistake = mistake;
    this.#streams = withMistake(parkedStreams(this.#failures.route), mistake);
  }

  /** Routes at most `most` frames of a lane. */
  async route(lane: number, most = Infinity): Promise<void> {
    for (let routed = 0; routed < most; routed++) {
      const index = this.raw.findIndex((frame) => frame.lane === lane);
      const frame = this.raw[index];
      if (frame === undefined || !(await this.#deliver(frame))) return;
      this.raw.splice(index, 1);
    }
  }

  async routeAll(): Promise<void> {
    this.isGap = false;
    this.isHeld = false;
    for (const lane of new Set(this.raw.map((frame) => frame.lane))) await this.route(lane);
  }

  async retry(): Promise<void> {
    if (!this.isQueueUp) return;
    for (const stream of this.#failures.open) {
      if (stream.kind === "thread" && !this.isAnswered) continue;
      await drain(
        stream,
        {
          items: this.#failures.retry,
          deliver: async (record) => {
            const messages = JSON.parse(this.#failures.textOf(record)) as OutgoingMessage[];
            for (const message of messages) this.#arrive(message);
            return { kind: "delivered" };
          },
          backoff: { baseMs: 0, longestMs: 0, attempts: Infinity },
          claimMs: 0,
          now: () => 0,
          random: () => 0,
        },
        new AbortController().signal,
      );
    }
  }

  /** Moves the first frame, as one that was received too often, to the dead-letter queue. */
  giveUp(): void {
    this.dead.push(...this.raw.splice(0, 1));
  }

  /** Moves dead frames back; like SQS, to the end of the queue. */
  redrive(): void {
    this.raw.push(...this.dead.splice(0));
  }

  progress(): ReadonlyMap<number, LaneProgress> {
    return this.#lanes;
  }

  /** Only the lanes are lost: their items are in the offsets table, not in the failures table. */
  forgetLanes(): void {
    this.#lanes = new Map();
  }

  backUp(): void {
    this.#backup = new Map(this.#lanes);
  }

  restoreLanes(): void {
    this.#lanes = new Map(this.#backup);
  }

  /** False: the frame will be delivered again. */
  async #deliver(frame: ModelFrame): Promise<boolean> {
    const lane = await this.#lanesTable.read(frame.lane);
    const { delivered } = lane;
    const isEarlier = delivered !== null && epochOf(frame.first) < epochOf(delivered);
    if (isEarlier && this.#mistake === "by-epoch") return true;
    const step = chainStep(lane, frame);
    const isAgain =
      step.kind === "deliver" &&
      frame.previous === null &&
      frame.first > (step.after ?? frame.first);
    if (step.kind === "gap" || (isAgain && this.#mistake === "only-once")) {
      this.isGap = true;
      return false;
    }
    if (step.kind === "repeat") return true;
    const { after } = step;
    const due = frame.changes.filter(({ position }) => after === null || position > after);
    const messages = messagesOf(
      frame,
      due.filter((change) => !isOfNobody(change)),
    );
    const shares = isNonEmpty(messages) ? [shareOf(frame, messages)] : [];
    if (!(await this.#parkOrphans(frame, due.filter(isOfNobody)))) return false;
    try {
      const { lane: present, troubled } = await deliverFrames(lane, [shares], {
        lanes: this.#lanesTable,
        streams: this.#streams,
        sender: this.#sender,
        findClosed: findClosed(this.#failures.route, () => 0),
      });
      await this.#lanesTable.write(present, { ...endOf(lane, frame), troubled });
      return true;
    } catch (error) {
      if (!(error instanceof OtherLifeError)) throw error;
      this.isGap = true;
      return false;
    }
  }

  /** False: the changes cannot be parked now. */
  async #parkOrphans(frame: ModelFrame, orphans: readonly ModelChange[]): Promise<boolean> {
    const messages = messagesOf(frame, orphans);
    if (!isNonEmpty(messages)) return true;
    const batch = shareBatch(shareOf(frame, messages), () => true);
    try {
      await this.#streams.park(threadStream(frame.lane, NOBODY), [batch], UNATTRIBUTED);
      return true;
    } catch (error) {
      if (!(error instanceof OtherLifeError)) throw error;
      this.isHeld = true;
      return false;
    }
  }

  readonly #lanesTable: Lanes = {
    read: async (lane) => this.#lanes.get(lane) ?? { ...NEW_LANE, lane },
    write: async ({ lane, version }, next) => {
      const state = { ...next, lane, version: version + 1 };
      this.#lanes.set(lane, state);
      return state;
    },
  };

  readonly #sender: Sender = {
    send: async (_queueName, messages) => {
      if (!this.isQueueUp) return { kind: "trouble", trouble: TROUBLE, unsent: messages };
      for (const message of messages) this.#arrive(message);
      return { kind: "sent" };
    },
  };

  #arrive({ body }: OutgoingMessage): void {
    this.#send(JSON.parse(String(body)) as ModelMessage);
  }
}

function withMistake(streams: ParkedStreams, mistake: string | null): ParkedStreams {
  if (mistake === "passes-parked")
    return { ...streams, parkBehind: async () => ({ kind: "clear", delivered: 0, written: [] }) };
  if (mistake === "one-per-thread")
    return {
      ...streams,
      park: (stream, batches, trouble) =>
        streams.park({ ...stream, kind: "queue" }, batches, trouble),
    };
  if (mistake !== "nameless-parked") return streams;
  return {
    ...streams,
    parkBehind: (stream, batches, trouble) =>
      streams.parkBehind(stream, mapNonEmpty(batches, nameless), trouble),
    park: (stream, batches, trouble) =>
      streams.park(stream, mapNonEmpty(batches, nameless), trouble),
    forget: (stream, batches) => streams.forget(stream, batches.map(nameless)),
  };
}

function nameless(batch: Batch): Batch {
  const { life: _, ...others } = batch;
  return others;
}

function shareOf({ life }: ModelFrame, messages: NonEmpty<OutgoingMessage>): FrameShare {
  return {
    kind: "messages",
    queueName: QUEUE,
    ...(life !== undefined && { life }),
    first: messages.map(({ first }) => first).reduce((a, b) => (b < a ? b : a)),
    last: messages.map(({ last }) => last).reduce((a, b) => (b > a ? b : a)),
    messages,
  };
}

/** One message for each table. */
function messagesOf({ life }: ModelFrame, changes: readonly ModelChange[]): OutgoingMessage[] {
  return Array.from(Map.groupBy(changes, ({ table }) => table)).flatMap(([group, list]) => {
    const [first, last] = [list[0]?.position, list.at(-1)?.position];
    if (first === undefined || last === undefined) return [];
    const text = JSON.stringify([life, list]);
    const message: ModelMessage = { group, text, first, last, changes: list };
    return {
      environment: "production",
      group,
      deduplicationId: `${life ?? ""} ${first} ${group}`,
      changes: list.length,
      first,
      last,
      body: JSON.stringify(message),
    };
  });
}
