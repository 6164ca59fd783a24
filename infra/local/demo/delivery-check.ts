import { NumberSet } from "./number-set.ts";
import type { Mark } from "./mark.ts";

/**
 * Compares what one environment committed with what one of its subscribers received. The two are
 * reported in either order: a change can be delivered before its writer reports the commit.
 */
export class DeliveryCheck {
  readonly environment: string;
  readonly subscriber: string;
  written = 0;
  delivered = 0;
  foreign = 0;
  repeated = 0;
  outOfOrder = 0;
  /** From commit to handler, of the latest delivered change; undefined before the first. */
  newestDelayMs: number | undefined;
  longestDelayMs = 0;

  /** Time of commit by change name, of changes that were committed and not yet delivered. */
  readonly #waiting = new Map<string, number>();
  /** Time of delivery by change name, of changes whose commit has not been reported yet. */
  readonly #early = new Map<string, number>();
  readonly #written = new NumberSet();
  readonly #deleted = new NumberSet();
  /** For each existing row, the number of the change delivered last. */
  readonly #rows = new Map<string, number>();

  constructor(environment: string, subscriber: string) {
    this.environment = environment;
    this.subscriber = subscriber;
  }

  /** How many committed changes were not delivered yet. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** The names (`markName`) of the committed changes that were not delivered yet. */
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
      this.repeated++;
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

  /** Checks that the numbers of a row's changes rise: one writer at a time changes a row. */
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

/** A name that identifies one change of the demonstration. */
export function markName({ writtenBy, op, number }: Mark): string {
  return `${writtenBy}/${op === "d" ? "d" : "w"}/${number}`;
}
