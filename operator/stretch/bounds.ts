import { formatPosition, type PositionText } from "../../wire/position.ts";
import { type BinlogPosition, isBefore } from "../../reader/transactions/binlog-position.ts";
import type { RowChange, Transaction } from "../../reader/transactions/transaction.ts";

/** A bound of a stretch: a time (microseconds since 1970) or a place in the binlog. */
export type Bound =
  | { readonly kind: "time"; readonly us: number }
  /** `isPassed`: the transaction that begins there lies before the bound. */
  | ({ readonly kind: "place"; readonly isPassed?: true } & BinlogPosition);

export interface Bounds {
  /**
   * Reading starts at the beginning of this file, so that it includes the ledger's rows of the
   * connections.
   */
  readonly file: string;
  /** Reading starts at this byte instead, which lies between two transactions. */
  readonly offset?: number;
  /** The stretch begins here. */
  readonly from: Bound;
  /** The stretch ends here; null when it has no end. */
  readonly to: Bound | null;
  /**
   * Where reading stops: the end of the binlog when the command began; null when it continues with
   * new changes.
   */
  readonly end: BinlogPosition | null;
  /** Changes up to and including this one are skipped, as already handled; null skips none. */
  readonly after: PositionText | null;
}

/** How much earlier than an earlier transaction one may be committed, microseconds. */
const UNORDERED_US = 1_000_000;

/** The commit times of two transactions, microseconds since 1970; the one after is `toUs`. */
export interface SetBack {
  readonly fromUs: number;
  readonly toUs: number;
}

/** Decides which changes lie in the stretch. Changes must be passed in the order of the binlog. */
export class BoundCheck {
  readonly #bounds: Bounds;
  readonly #epoch: number;
  #after: PositionText | null;
  #isOver = false;
  #latestUs = 0;

  constructor(bounds: Bounds, epoch: number) {
    this.#bounds = bounds;
    this.#epoch = epoch;
    this.#after = bounds.after;
  }

  /** Whether all further changes lie after the stretch. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Whether a transaction lies in the stretch. */
  covers(transaction: Transaction): boolean {
    const { from, to } = this.#bounds;
    return hasReached(from, transaction) && (to === null || !hasReached(to, transaction));
  }

  /**
   * Called for each transaction that is read. Returns its and an earlier one's commit time if the
   * server's clock was set back in between, past a bound of the stretch. The clock then reached
   * that bound more than once, so the bound does not say on which side a transaction lies.
   */
  see({ committedUs }: Transaction): SetBack | null {
    const { from, to } = this.#bounds;
    const latestUs = this.#latestUs;
    this.#latestUs = Math.max(latestUs, committedUs);
    if (committedUs + UNORDERED_US >= latestUs) return null;
    const isPassedTwice = [from, to].some(
      (bound) => bound?.kind === "time" && committedUs < bound.us && bound.us <= latestUs,
    );
    return isPassedTwice ? { fromUs: latestUs, toUs: committedUs } : null;
  }

  includes(transaction: Transaction, change: RowChange): boolean {
    const { from, to } = this.#bounds;
    if (to !== null && hasReached(to, transaction)) this.#isOver = true;
    if (this.#isOver || !hasReached(from, transaction)) return false;
    if (this.#after === null) return true;
    const { offset, row } = change;
    const place = { epoch: this.#epoch, file: transaction.fileNumber, offset, row };
    if (formatPosition(place) <= this.#after) return false;
    this.#after = null;
    return true;
  }

  /** Whether reading has reached the end of the stretch. */
  hasEnded(read: BinlogPosition): boolean {
    const { end, to } = this.#bounds;
    if (this.#isOver) return true;
    if (to?.kind === "place" && to.isPassed !== true && !isBefore(read, to)) return true;
    return end !== null && !isBefore(read, end);
  }
}

function hasReached(bound: Bound, { fileNumber, start, committedUs }: Transaction): boolean {
  if (bound.kind === "time") return committedUs >= bound.us;
  const place = { fileNumber, offset: start };
  return bound.isPassed === true ? isBefore(bound, place) : !isBefore(place, bound);
}
