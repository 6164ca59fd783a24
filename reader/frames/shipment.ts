import { fnv1a } from "../../wire/fnv-1a.ts";
import { formatPosition, type PositionText } from "../../wire/position.ts";
import type { SessionBook } from "../sessions/session-book.ts";
import type { Boundary, ChangeSink, RowChange, Transaction } from "../transactions/transaction.ts";
import { InFlightFrames } from "./in-flight-frames.ts";
import { Lane, type LaneOptions } from "./lane.ts";
import { LanePace } from "./lane-pace.ts";

export interface ShipmentOptions extends Pick<LaneOptions, "binlog" | "frameBytes" | "send"> {
  readonly lanes: number;
  /** The last position that each lane was sent before. */
  readonly previous: ReadonlyMap<number, PositionText>;
  /**
   * Whether what is read first may have been sent, in the same coordinates and by the same lanes:
   * up to `previous`.
   */
  readonly repeats: boolean;
  /** See `LanePace`. */
  readonly delayMs: number;
  readonly unsentLimitBytes: number;
  readonly sessions: SessionBook;
  /** Back-pressure changed: true = pause reading, false = resume. */
  readonly onPressure: (high: boolean) => void;
  readonly onTransaction: (transaction: Transaction) => void;
}

/** See `LaneProgress` of reader/offsets/lane-layout.ts. */
interface Delivered {
  readonly delivered: PositionText | null;
  readonly troubled: ReadonlySet<string>;
}

/** The lane of a table: always the same one, for a given number of lanes. */
export function laneFor(database: string, table: string, lanes: number): number {
  return lanes === 1 ? 0 : fnv1a(`${database}\0${table}`) % lanes;
}

/** Reading goes on when this share of the limit is left. */
const RELIEF = 0.9;

/** Puts each change into its table's lane, and knows how far all of them were acknowledged. */
export class Shipment implements ChangeSink {
  readonly inFlight = new InFlightFrames();
  readonly #options: ShipmentOptions;
  readonly #lanes: Lane[];
  /** The last position that was sent, by lanes that read it again. */
  readonly #repeats: Map<number, PositionText>;
  #unsentBytes = 0;
  #pressed = false;
  #latest: Transaction | null = null;
  #relief = Promise.withResolvers<void>();
  #onSent: (() => void) | null = null;

  constructor(options: ShipmentOptions) {
    this.#options = options;
    this.#repeats = new Map(options.repeats ? options.previous : []);
    const { binlog, frameBytes, sessions, send, previous } = options;
    this.#lanes = Array.from(
      { length: options.lanes },
      (_, number) =>
        new Lane({
          number,
          binlog,
          previous: previous.get(number) ?? null,
          frameBytes,
          pace: new LanePace(options.delayMs),
          inFlight: this.inFlight,
          authorsOf: (transactions) => sessions.authorsOf(transactions),
          send,
          onUnsent: (bytes) => this.#onUnsent(bytes),
        }),
    );
  }

  change(transaction: Transaction, change: RowChange): void {
    const number = laneFor(change.database, change.table, this.#lanes.length);
    if (this.#repeats.size > 0 && this.#isRepeat(number, transaction, change)) return;
    if (transaction !== this.#latest) {
      this.#latest = transaction;
      this.#options.sessions.notice(transaction);
      this.#options.onTransaction(transaction);
    }
    this.#lanes[number]?.add(transaction, change);
    this.inFlight.change();
  }

  /** Takes a row or mark of a snapshot, whose author is known and whose position is new. */
  snapshot(transaction: Transaction, change: RowChange): void {
    this.#lanes[laneFor(change.database, change.table, this.#lanes.length)]?.add(
      transaction,
      change,
    );
  }

  /**
   * Whether a lane was sent a change before. A lane's changes are in order: the first that was not
   * ends its repeats.
   */
  #isRepeat(lane: number, { fileNumber }: Transaction, { offset, row }: RowChange): boolean {
    const sent = this.#repeats.get(lane);
    if (sent === undefined) return false;
    const { epoch } = this.#options.binlog;
    if (formatPosition({ epoch, file: fileNumber, offset, row }) <= sent) return true;
    this.#repeats.delete(lane);
    return false;
  }

  prepared(transaction: Transaction): void {
    this.#options.sessions.notice(transaction);
  }

  boundary(boundary: Boundary): void {
    this.inFlight.boundary(boundary);
  }

  relief(): Promise<void> | null {
    return this.#pressed ? this.#relief.promise : null;
  }

  /** Sends until the signal is aborted or a frame must not be sent; rejects then. */
  async sendFrames(signal: AbortSignal): Promise<never> {
    return Promise.race(this.#lanes.map((lane) => lane.sendFrames(signal)));
  }

  /**
   * Lets the lanes' pace follow how far they are delivered. A look that fails counts as no
   * delivery.
   */
  async lookAtDelivery(
    readLanes: (lanes: Iterable<number>) => Promise<ReadonlyMap<number, Delivered>>,
  ): Promise<void> {
    const curious = [...this.#lanes.entries()].filter(([, lane]) => lane.isCurious);
    if (curious.length === 0) return;
    const found = await readLanes(curious.map(([number]) => number)).catch(() => null);
    for (const [number, lane] of curious) {
      const { delivered = null, troubled } = found?.get(number) ?? {};
      lane.delivered(delivered, troubled !== undefined && troubled.size > 0);
    }
  }

  /**
   * Sends without pauses, and waits until everything that was read is acknowledged, `timeoutMs` at
   * most.
   */
  async drain(timeoutMs: number): Promise<void> {
    for (const lane of this.#lanes) lane.hurry();
    if (this.#unsentBytes === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onSent = resolve;
    const timeout = setTimeout(resolve, timeoutMs);
    await promise;
    clearTimeout(timeout);
  }

  /** Whether everything that was read is acknowledged. */
  get isDrained(): boolean {
    return this.#unsentBytes === 0;
  }

  /** The last position that each lane was sent. */
  get lastPositions(): ReadonlyMap<number, PositionText> {
    const positions = new Map<number, PositionText>(this.#options.previous);
    this.#lanes.forEach(({ last }, number) => {
      if (last !== null) positions.set(number, last);
    });
    return positions;
  }

  #onUnsent(bytes: number): void {
    this.#unsentBytes += bytes;
    if (this.#unsentBytes === 0) this.#onSent?.();
    const { unsentLimitBytes, onPressure } = this.#options;
    if (!this.#pressed && this.#unsentBytes > unsentLimitBytes) {
      this.#pressed = true;
      onPressure(true);
    } else if (this.#pressed && this.#unsentBytes < unsentLimitBytes * RELIEF) {
      this.#pressed = false;
      this.#relief.resolve();
      this.#relief = Promise.withResolvers();
      onPressure(false);
    }
  }
}
