import { setImmediate as nextTurn, setTimeout as delay } from "node:timers/promises";
import type { Base64Text } from "../../wire/base64-text.ts";
import { packFrame } from "../../wire/frame-body.ts";
import type { PositionText } from "../../wire/position.ts";
import type { Author } from "../../wire/session.ts";
import type { RowChange, Transaction } from "../transactions/transaction.ts";
import type { TransactionList } from "../transactions/transaction-list.ts";
import { authorSize } from "./envelope-size.ts";
import { type FrameSizes, isFull } from "./full-frame.ts";
import type { InFlightFrame, InFlightFrames } from "./in-flight-frames.ts";
import type { EndLook, LanePace } from "./lane-pace.ts";
import { FrameParts, OpenFrame, type BinlogIdentity } from "./open-frame.ts";
import { Wakeup } from "./wakeup.ts";

/** Sends a frame until it is acknowledged; rejects only when it must not be sent any more. */
export type SendFrame = (frame: SealedFrame, signal: AbortSignal) => Promise<void>;

export interface SealedFrame {
  readonly lane: number;
  /** The text that is sent, see `packFrame`. */
  readonly text: string | Base64Text;
  readonly first: PositionText;
  readonly last: PositionText;
  readonly previous: PositionText | null;
  readonly changes: number;
}

export interface LaneOptions {
  readonly number: number;
  readonly binlog: BinlogIdentity;
  /** The last position that an earlier attempt sent in this lane; null for a new lane. */
  readonly previous: PositionText | null;
  readonly frameSizes: FrameSizes;
  readonly pace: LanePace;
  readonly inFlight: InFlightFrames;
  readonly authorsOf: (transactions: TransactionList) => Promise<readonly (Author | undefined)[]>;
  readonly send: SendFrame;
  /** Called with the change of the number of unsent bytes; negative after a send. */
  readonly onUnsent: (bytes: number) => void;
}

const SPARE_PARTS = 4;
/**
 * A frame of this size is part of a larger transaction or of a backlog, of which the socket has
 * only what fits into its buffer. The server gets some time to send more, milliseconds.
 */
const LARGE_BYTES = 16 * 1024;
const SERVER_MS = 1;
/** See `authorSize`, for a lane's first frame. */
const USUAL_AUTHOR_BYTES = 40;

interface ReadyFrame {
  readonly sealed: SealedFrame;
  readonly inFlight: InFlightFrame;
  /** The frame's part of the unsent bytes. */
  readonly bytes: number;
}

/**
 * One message group of the raw queue. The lane sends one frame at a time; meanwhile the next one
 * fills. A frame that is not full then fills until the pace allows the next send, and until what
 * has arrived is read. So an idle lane sends a single change at once, and a busy one sends full
 * frames. While a frame is being sent, the lane compresses the next full frame.
 *
 * The pause between frames relieves delivery: each frame takes requests, an invocation and separate
 * messages, which are sent one after the other.
 */
export class Lane {
  readonly #options: LaneOptions;
  readonly #full: OpenFrame[] = [];
  readonly #wakeup = new Wakeup();
  readonly #pauseEnds = new Wakeup();
  /** Parts of sent frames, for reuse. */
  readonly #spare: FrameParts[] = [];
  #filling: OpenFrame | null = null;
  /**
   * The last positions of the frame that was packed last (`#packed`) and of the frame that was
   * acknowledged last (`#sent`).
   */
  #packed: PositionText | null;
  #sent: PositionText | null;
  /** `performance.now()` of the latest send. */
  #sentAtMs = -Infinity;
  /** `performance.now()` when `#filling` got its first change. */
  #openedAtMs = 0;
  #isHurried = false;
  /** Whether the last compressed frame shrank to half, base64 included; see `isFull`. */
  #shrinks = false;
  #authorBytes = USUAL_AUTHOR_BYTES;

  constructor(options: LaneOptions) {
    this.#options = options;
    this.#packed = options.previous;
    this.#sent = options.previous;
  }

  /** The last position that was sent and acknowledged. */
  get last(): PositionText | null {
    return this.#sent;
  }

  add(transaction: Transaction, change: RowChange): void {
    const { inFlight, binlog, frameSizes, onUnsent } = this.#options;
    this.#filling ??= this.#open(inFlight.open());
    const before = this.#filling.bytes;
    this.#filling.add(binlog.epoch, transaction, change);
    onUnsent(this.#filling.bytes - before);
    if (isFull(this.#filling, frameSizes, this.#shrinks)) {
      this.#full.push(this.#filling);
      this.#filling = null;
      this.#pauseEnds.wake();
    }
    this.#wakeup.wake();
  }

  #open(inFlight: InFlightFrame): OpenFrame {
    this.#openedAtMs = performance.now();
    return new OpenFrame(inFlight, this.#spare.pop() ?? new FrameParts(), this.#authorBytes);
  }

  /** Takes back the changes of a transaction, except those in full frames. */
  withdraw(transaction: Transaction): void {
    const filling = this.#filling;
    if (filling === null) return;
    const { inFlight, onUnsent } = this.#options;
    const before = filling.bytes;
    filling.withdraw(transaction);
    if (filling.changes > 0) return onUnsent(filling.bytes - before);
    this.#filling = null;
    inFlight.acknowledge(filling.inFlight);
    onUnsent(-before);
  }

  /** Ends the pauses: from now on each frame is sent as soon as the one before is acknowledged. */
  hurry(): void {
    this.#isHurried = true;
    this.#pauseEnds.wake();
  }

  /** Begins a look at the lane's delivery, see `LanePace.look`. */
  look(): EndLook | null {
    return this.#options.pace.look();
  }

  /** Sends frames until the signal is aborted or `send` rejects; rejects then. */
  async sendFrames(signal: AbortSignal): Promise<never> {
    const { send, pace } = this.#options;
    let ready = await this.#pack(await this.#next(signal));
    for (;;) {
      this.#sentAtMs = performance.now();
      const sent = send(ready.sealed, signal);
      // A frame that is already full is packed during the send; one that is not goes on filling.
      const full = this.#full.shift();
      const following = full === undefined ? null : this.#pack(full);
      following?.catch(() => undefined);
      await sent;
      pace.sent(ready.sealed.last);
      this.#settle(ready);
      ready = await (following ?? this.#pack(await this.#next(signal)));
    }
  }

  /** The next frame to be sent, full or not. */
  async #next(signal: AbortSignal): Promise<OpenFrame> {
    for (;;) {
      const full = this.#full.shift();
      if (full !== undefined) return full;
      const filling = this.#filling;
      const pauseMs = this.#isHurried
        ? 0
        : this.#sentAtMs + this.#options.pace.ms - performance.now();
      if (filling === null) await this.#wakeup.sleep(signal);
      else if (pauseMs > 0) await this.#pause(pauseMs, signal);
      else if (await this.#isComplete(filling)) {
        this.#filling = null;
        return filling;
      }
    }
  }

  /**
   * Waits while changes that have arrived already are read into the frame, but no longer than a
   * pause from its first change on. A read has 64 KiB, so the first frame of a large transaction or
   * of a backlog would otherwise have a part of it, and the rest would wait behind that. Returns
   * false when the frame was filled or taken back meanwhile.
   */
  async #isComplete(frame: OpenFrame): Promise<boolean> {
    let bytes = 0;
    const endMs = this.#isHurried ? 0 : this.#openedAtMs + this.#options.pace.ms;
    while (frame === this.#filling && frame.bytes > bytes && performance.now() < endMs) {
      bytes = frame.bytes;
      await (bytes < LARGE_BYTES ? nextTurn() : delay(SERVER_MS));
    }
    return frame === this.#filling;
  }

  /** Waits for `ms` milliseconds, or until a frame is full. */
  async #pause(ms: number, signal: AbortSignal): Promise<void> {
    const timer = setTimeout(() => this.#pauseEnds.wake(), Math.ceil(ms));
    try {
      await this.#pauseEnds.sleep(signal);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Looks up the frame's authors and packs it for sending. Called in the order of the frames. */
  async #pack(frame: OpenFrame): Promise<ReadyFrame> {
    const { number: lane, binlog, authorsOf } = this.#options;
    const previous = this.#packed;
    this.#packed = frame.lastPosition(binlog.epoch);
    const { inFlight, bytes, changes, parts } = frame;
    const authors = await authorsOf(frame.transactions);
    this.#authorBytes = authorSize(authors) || this.#authorBytes;
    const { bytes: plain, first, last } = frame.seal(binlog, { lane, previous }, authors);
    const text = await packFrame(plain);
    if (typeof text !== "string") this.#shrinks = text.length < plain.length / 2;
    parts.clear();
    if (this.#spare.length < SPARE_PARTS) this.#spare.push(parts);
    return { inFlight, bytes, sealed: { lane, previous, first, last, text, changes } };
  }

  #settle({ sealed, inFlight, bytes }: ReadyFrame): void {
    this.#sent = sealed.last;
    this.#options.inFlight.acknowledge(inFlight);
    this.#options.onUnsent(-bytes);
  }
}
