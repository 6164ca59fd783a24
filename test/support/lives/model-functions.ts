import { chainStep, endOf, type LanePosition } from "../../../functions/frame/chain.ts";
import type { LaneProgress } from "../../../reader/offsets/lane-layout.ts";
import { epochOf, type PositionText } from "../../../wire/position.ts";
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

/** What the functions send: the changes of a table. */
export interface ModelMessage {
  readonly group: string;
  readonly text: string;
  readonly first: PositionText;
  readonly last: PositionText;
  readonly changes: readonly ModelChange[];
}

/**
 *   by-epoch       a frame of an earlier epoch is taken for delivered, whatever its life
 *   passes-parked  messages are sent although earlier ones of their queue are parked
 */
export type FunctionMistake = "by-epoch" | "passes-parked";

interface ModelLane {
  position: LanePosition;
  isTroubled: boolean;
  parked: ModelMessage[];
  /** Up to where messages were parked that have been delivered from there; null: none. */
  closedAt: PositionText | null;
}

const QUEUE = "queue.fifo";

/**
 * The raw queue, the route function with its lanes, the failures table and the retry function,
 * around one queue.
 */
export class ModelFunctions {
  readonly #mistake: string | null;
  readonly #send: (message: ModelMessage) => void;
  raw: ModelFrame[] = [];
  /** Frames in the raw queue's dead-letter queue. */
  dead: ModelFrame[] = [];
  isQueueUp = true;
  /** Whether a frame waits that says that others are missing before it. */
  isGap = false;
  #lanes = new Map<number, ModelLane>();
  #backup: ReadonlyMap<number, Pick<ModelLane, "position" | "isTroubled">> = new Map();

  constructor(send: (message: ModelMessage) => void, mistake: string | null) {
    this.#send = send;
    this.#mistake = mistake;
  }

  /** Routes a lane's frames, `most` at most. */
  route(lane: number, most = Infinity): void {
    for (let routed = 0; routed < most; routed++) {
      const index = this.raw.findIndex((frame) => frame.lane === lane);
      const frame = this.raw[index];
      if (frame === undefined || !this.#deliver(frame)) return;
      this.raw.splice(index, 1);
    }
  }

  routeAll(): void {
    this.isGap = false;
    for (const lane of new Set(this.raw.map((frame) => frame.lane))) this.route(lane);
  }

  retry(): void {
    if (!this.isQueueUp) return;
    for (const lane of this.#lanes.values()) {
      lane.closedAt = lane.parked.at(-1)?.last ?? lane.closedAt;
      for (const message of lane.parked.splice(0)) this.#send(message);
    }
  }

  /** A lane's first frame was received too often. */
  giveUp(): void {
    this.dead.push(...this.raw.splice(0, 1));
  }

  /** By SQS: behind what waits. */
  redrive(): void {
    this.raw.push(...this.dead.splice(0));
  }

  progress(): ReadonlyMap<number, LaneProgress> {
    return new Map(
      [...this.#lanes].map(([lane, { position, isTroubled }]) => [
        lane,
        { delivered: position.delivered, troubled: new Set(isTroubled ? [QUEUE] : []) },
      ]),
    );
  }

  /**
   * The lanes' items are in the offsets table. What was parked of a life with the same epoch is
   * left out here: see "Not proven" in docs/decisions/positions-have-lives.md.
   */
  forgetLanes(): void {
    for (const lane of this.#lanes.values())
      Object.assign(lane, { position: FRESH, isTroubled: false, closedAt: null });
  }

  backUp(): void {
    this.#backup = new Map(
      [...this.#lanes].map(([number, { position, isTroubled }]) => [
        number,
        { position, isTroubled },
      ]),
    );
  }

  restoreLanes(): void {
    for (const [number, lane] of this.#lanes)
      Object.assign(lane, this.#backup.get(number) ?? { position: FRESH, isTroubled: false });
  }

  /** False: it comes again. */
  #deliver(frame: ModelFrame): boolean {
    const lane = this.#lanes.get(frame.lane) ?? newLane();
    this.#lanes.set(frame.lane, lane);
    const { delivered } = lane.position;
    const isEarlier = delivered !== null && epochOf(frame.first) < epochOf(delivered);
    if (isEarlier && this.#mistake === "by-epoch") return true;
    const step = chainStep(lane.position, frame);
    if (step.kind === "gap") {
      this.isGap = true;
      return false;
    }
    if (step.kind === "repeat") return true;
    const { after } = step;
    const { closedAt } = lane;
    const isLooking = lane.isTroubled || !this.isQueueUp;
    const messages = messagesOf(frame, (position) => after === null || position > after).filter(
      ({ last }) => !isLooking || closedAt === null || !isWithin(last, closedAt),
    );
    const tail = lane.parked.at(-1)?.last ?? (this.isQueueUp ? undefined : (closedAt ?? undefined));
    if (tail !== undefined && epochOf(tail) > epochOf(frame.last)) {
      // Behind records of a later life nothing can be parked: LaterLifeError.
      this.isGap = true;
      return false;
    }
    const isBehind = lane.parked.length > 0 && this.#mistake !== "passes-parked";
    if (isBehind || !this.isQueueUp) {
      lane.parked.push(...messages);
      lane.isTroubled = true;
    } else {
      for (const message of messages) this.#send(message);
      lane.isTroubled = lane.parked.length > 0;
    }
    lane.position = endOf(lane.position, frame);
    return true;
  }
}

function newLane(): ModelLane {
  return { position: FRESH, isTroubled: false, parked: [], closedAt: null };
}

/** Whether a position of the same epoch as another one lies before it, or is it. */
function isWithin(position: PositionText, other: PositionText): boolean {
  return epochOf(position) === epochOf(other) && position <= other;
}

const FRESH: LanePosition = { delivered: null, life: null, others: new Map() };

/** A message for each table. */
function messagesOf(
  { changes, life }: ModelFrame,
  isNew: (position: PositionText) => boolean,
): ModelMessage[] {
  const fresh = changes.filter(({ position }) => isNew(position));
  return Array.from(Map.groupBy(fresh, ({ table }) => table)).flatMap(([group, list]) => {
    const [first, last] = [list[0], list.at(-1)];
    if (first === undefined || last === undefined) return [];
    const text = JSON.stringify([life, list]);
    return [{ group, text, first: first.position, last: last.position, changes: list }];
  });
}
