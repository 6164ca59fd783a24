import { fnv1a } from "../../wire/fnv-1a.ts";
import { formatPosition, type PositionText } from "../../wire/position.ts";
import type { SessionBook } from "../sessions/session-book.ts";
import type { Boundary, ChangeSink, RowChange, Transaction } from "../transactions/transaction.ts";
import { InFlightFrames } from "./in-flight-frames.ts";
import { Lane, type LaneOptions } from "./lane.ts";
import { type EndLook, LanePace } from "./lane-pace.ts";

export interface ShipmentOptions extends Pick<LaneOptions, "binlog" | "frameSizes" | "send"> {
  readonly lanes: number;
  /** The last position that earlier attempts sent in each lane. */
  readonly previous: ReadonlyMap<number, PositionText>;
  /**
   * Whether the lanes skip changes up to `previous`, which were sent in the same coordinates and
   * lanes.
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

/** Reading resumes when the unsent bytes fall below this share of the limit. */
const RELIEF = 0.9;

/** Adds each change to its table's lane, and tracks how far all lanes are acknowledged. */
export class Shipment implements ChangeSink {
  readonly inFlight = new InFlightFrames();
  readonly #options: ShipmentOptions;
  readonly #lanes: Lane[];
  /** The last position that was sent, for lanes that are still reading changes again. */
  readonly #repeats: Map<number, PositionText>;
  #unsentBytes = 0;
  #pressed = false;
  #latest: Transaction | null = null;
  /** Whether the end of `#latest` was not read yet. */
  #isOpen = false;
  #relief = Promise.withResolvers<void>();
  #onSent: (() => void) | null = null;

  constructor(options: ShipmentOptions) {
    this.#options = options;
    this.#repeats = new Map(options.repeats ? options.previous : []);
    const { binlog, frameSizes, sessions, send, previous } = options;
    this.#lanes = Array.from(
      { length: options.lanes },
      (_, number) =>
        new Lane({
          number,
          binlog,
          previous: previous.get(number) ?? null,
          frameSizes,
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
      this.#isOpen = true;
      this.#options.sessions.notice(transaction);
      this.#options.onTransaction(transaction);
    }
    this.#lanes[number]?.add(transaction, change);
    this.inFlight.change();
  }

  /** Adds a row or mark of a snapshot. Its author is known, and it was not sent before. */
  snapshot(transaction: Transaction, change: RowChange): void {
    this.#lanes[laneFor(change.database, change.table, this.#lanes.length)]?.add(
      transaction,
      change,
    );
  }

  /**
   * Whether a change was already sent in its lane. A lane's changes are in order, so the first new
   * change ends the repeats.
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
    this.#isOpen = false;
    this.inFlight.boundary(boundary);
  }

  relief(): Promise<void> | null {
    return this.#pressed ? this.#relief.promise : null;
  }

  /** Sends frames until the signal is aborted or a frame must not be sent; rejects then. */
  async sendFrames(signal: AbortSignal): Promise<never> {
    return Promise.race(this.#lanes.map((lane) => lane.sendFrames(signal)));
  }

  /**
   * Adjusts the lanes' pace to their delivered positions. A failed read counts as an unknown
   * position.
   */
  async lookAtDelivery(
    readLanes: (lanes: Iterable<number>) => Promise<ReadonlyMap<number, Delivered>>,
  ): Promise<void> {
    const looks = new Map<number, EndLook>();
    for (const [number, lane] of this.#lanes.entries()) {
      const look = lane.look();
      if (look !== null) looks.set(number, look);
    }
    if (looks.size === 0) return;
    const found = await readLanes(looks.keys()).catch(() => null);
    for (const [number, endLook] of looks) {
      const { delivered = null, troubled } = found?.get(number) ?? {};
      endLook(delivered, troubled !== undefined && troubled.size > 0);
    }
  }

  /**
   * Takes back the unsent changes of the transaction whose end was not read, except those in full
   * frames. Nothing may be added after that.
   */
  withdrawUnfinished(): void {
    if (this.#latest === null || !this.#isOpen) return;
    for (const lane of this.#lanes) lane.withdraw(this.#latest);
  }

  /** Sends without pauses, and waits until all changes are acknowledged or `signal` is aborted. */
  async drain(signal: AbortSignal): Promise<void> {
    for (const lane of this.#lanes) lane.hurry();
    if (this.#unsentBytes === 0 || signal.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onSent = resolve;
    const onAbort = (): void => resolve();
    signal.addEventListener("abort", onAbort, { once: true });
    await promise;
    signal.removeEventListener("abort", onAbort);
  }

  /** Whether all changes are acknowledged. */
  get isDrained(): boolean {
    return this.#unsentBytes === 0;
  }

  /** The last acknowledged position of each lane, or that of `previous`. */
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
