import { NumberSet } from "./number-set.ts";
import type { Mark } from "./mark.ts";

/**
 * Compares what one environment committed with what one of its subscribers received. A delivery may
 * come before the writer has heard of its commit, so either may be reported first.
 */
export class DeliveryCheck {
  readonly environment: string;
  readonly subscriber: string;
  written = 0;
  delivered = 0;
  foreign = 0;
  doubled = 0;
  outOfOrder = 0;
  /** From commit to handler, of the change delivered last; undefined before the first. */
  newestDelayMs: number | undefined;
  longestDelayMs = 0;

  /** Committed and not delivered: the change's name, and when it was committed. */
  readonly #waiting = new Map<string, number>();
  /** Delivered, the commit not yet reported: the change's name, and when it was delivered. */
  readonly #early = new Map<string, number>();
  readonly #written = new NumberSet();
  readonly #deleted = new NumberSet();
  /** The last number delivered of each row that exists. */
  readonly #rows = new Map<string, number>();

  constructor(environment: string, subscriber: string) {
    this.environment = environment;
    this.subscriber = subscriber;
  }

  /** How many committed changes were not delivered yet. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** The names (`markName`) of the changes that were committed and not delivered yet. */
  get waitingNames(): Iterable<string> {
    return this.#waiting.keys();
  }

  committed(mark: Mark, atMs: number): void {
    this.written++;
    const name = markName(mark);
    const deliveredMs = this.#early.get(name);
    if (deliveredMs === undefined) {
      this.#waiting.set(name, atMs);
    } else {
      this.#early.delete(name);
      this.#delay(atMs, deliveredMs);
    }
  }

  received(mark: Mark, atMs: number): void {
    if (mark.writtenBy !== this.environment) {
      this.foreign++;
      return;
    }
    if (!(mark.op === "d" ? this.#deleted : this.#written).add(mark.number)) {
      this.doubled++;
      return;
    }
    this.delivered++;
    this.#checkOrder(mark);
    const name = markName(mark);
    const committedMs = this.#waiting.get(name);
    if (committedMs === undefined) {
      this.#early.set(name, atMs);
    } else {
      this.#waiting.delete(name);
      this.#delay(committedMs, atMs);
    }
  }

  /** One writer at a time changes a row, so the numbers of a row's changes rise. */
  #checkOrder(mark: Mark): void {
    const row = `${mark.table}/${mark.row}`;
    const previous = this.#rows.get(row);
    if (mark.op === "d") {
      if (previous !== mark.number) this.outOfOrder++;
      this.#rows.delete(row);
    } else {
      if (previous !== undefined && previous >= mark.number) this.outOfOrder++;
      this.#rows.set(row, mark.number);
    }
  }

  #delay(committedMs: number, deliveredMs: number): void {
    this.newestDelayMs = Math.max(0, deliveredMs - committedMs);
    this.longestDelayMs = Math.max(this.longestDelayMs, this.newestDelayMs);
  }
}

/** A text that stands for one change of the demonstration. */
export function markName({ writtenBy, op, number }: Mark): string {
  return `${writtenBy}/${op === "d" ? "d" : "w"}/${number}`;
}
