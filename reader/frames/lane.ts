import type { PositionText } from "../../wire/position.ts";
import type { Author } from "../../wire/session.ts";
import type { RowChange, Transaction } from "../transactions/transaction.ts";
import { LineBuffer } from "./line-buffer.ts";
import type { OffsetLedger } from "./offset-ledger.ts";
import { OpenFrame, type StreamIdentity } from "./open-frame.ts";
import { Wakeup } from "./wakeup.ts";

/** Sends a frame until it is acknowledged; rejects only when it must not be sent any more. */
export type SendFrame = (frame: SealedFrame, signal: AbortSignal) => Promise<void>;

export interface SealedFrame {
  readonly lane: number;
  readonly text: string;
  readonly first: PositionText;
  readonly last: PositionText;
  readonly previous: PositionText | null;
  readonly changes: number;
}

export interface LaneOptions {
  readonly number: number;
  readonly stream: StreamIdentity;
  /** The last position that this lane was sent before. */
  readonly previous: PositionText | null;
  readonly frameBytes: number;
  readonly ledger: OffsetLedger;
  readonly authorsOf: (
    transactions: readonly Transaction[],
  ) => Promise<readonly (Author | undefined)[]>;
  readonly send: SendFrame;
  /** Told by how much the unsent bytes grew, or shrank. */
  readonly onUnsent: (bytes: number) => void;
}

const SPARE_BUFFERS = 4;

/**
 * One message group of the raw queue. One frame is on its way at a time; meanwhile the next one fills. So an idle lane
 * sends a single change at once, and a busy one sends full frames, without a timer.
 */
export class Lane {
  readonly #options: LaneOptions;
  readonly #full: OpenFrame[] = [];
  readonly #wakeup = new Wakeup();
  /** Buffers of frames that were sent; a busy lane goes round with a few. */
  readonly #spare: LineBuffer[] = [];
  #filling: OpenFrame | null = null;
  #previous: PositionText | null;

  constructor(options: LaneOptions) {
    this.#options = options;
    this.#previous = options.previous;
  }

  /** The last position that was sent and acknowledged. */
  get last(): PositionText | null {
    return this.#previous;
  }

  add(transaction: Transaction, change: RowChange): void {
    const { ledger, stream, frameBytes, onUnsent } = this.#options;
    this.#filling ??= new OpenFrame(ledger.open(), this.#spare.pop() ?? new LineBuffer());
    const before = this.#filling.bytes;
    this.#filling.add(stream.epoch, transaction, change);
    onUnsent(this.#filling.bytes - before);
    if (this.#filling.bytes >= frameBytes) {
      this.#full.push(this.#filling);
      this.#filling = null;
    }
    this.#wakeup.wake();
  }

  /** Sends what comes until the signal is aborted or `send` rejects; rejects then. */
  async run(signal: AbortSignal): Promise<never> {
    for (;;) {
      const frame = this.#take();
      if (frame === null) await this.#wakeup.sleep(signal);
      else await this.#ship(frame, signal);
    }
  }

  #take(): OpenFrame | null {
    const full = this.#full.shift();
    if (full !== undefined) return full;
    const filling = this.#filling;
    this.#filling = null;
    return filling;
  }

  async #ship(frame: OpenFrame, signal: AbortSignal): Promise<void> {
    const { number: lane, stream, ledger, authorsOf, send, onUnsent } = this.#options;
    const authors = await authorsOf(frame.transactions);
    const previous = this.#previous;
    const sealed = frame.seal(stream, { lane, previous }, authors);
    await send({ lane, previous, changes: frame.changes, ...sealed }, signal);
    this.#previous = sealed.last;
    ledger.acknowledge(frame.entry);
    onUnsent(-frame.bytes);
    frame.lines.clear();
    if (this.#spare.length < SPARE_BUFFERS) this.#spare.push(frame.lines);
  }
}
