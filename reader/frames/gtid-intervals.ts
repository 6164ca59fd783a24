import type { Boundary } from "../transactions/transaction.ts";

/** The last GTID that was added: its prefix, its interval, and the number of its successor. */
interface Latest {
  /** `uuid:` or `uuid:tag:`. */
  readonly prefix: string;
  readonly interval: Interval;
  next: number;
}

interface Interval {
  readonly first: bigint;
  last: bigint;
}

/**
 * Collects GTIDs in the order of their execution and merges consecutive numbers to intervals. Each
 * tag of a server has a separate numbering, and so separate intervals.
 */
export class GtidIntervals {
  /** By the part before the number, without its last colon. */
  readonly #intervals = new Map<string, Interval[]>();
  /** The `last` of its interval is updated only by `#settle`. */
  #latest: Latest | null = null;

  /** Adds `uuid:number` or `uuid:tag:number`. */
  add(gtid: string): void {
    const prefix = gtid.slice(0, gtid.lastIndexOf(":") + 1);
    const number = BigInt(gtid.slice(prefix.length));
    this.addNumber(prefix, number <= Number.MAX_SAFE_INTEGER ? Number(number) : number);
  }

  /**
   * Adds the GTID with a prefix, `uuid:` or `uuid:tag:`, and a number, which mostly follows the
   * previous one. It is a bigint if a number cannot represent it.
   */
  addNumber(prefix: string, number: number | bigint): void {
    const latest = this.#latest;
    if (
      latest !== null &&
      latest.next === number &&
      latest.prefix === prefix &&
      latest.next < Number.MAX_SAFE_INTEGER
    ) {
      latest.next++;
      return;
    }
    this.#settle();
    const value = BigInt(number);
    const interval = this.#append(prefix.slice(0, -1), value, value);
    this.#latest =
      value < Number.MAX_SAFE_INTEGER ? { prefix, interval, next: Number(value) + 1 } : null;
  }

  /** Adds the GTIDs that count as executed since the previous boundary. */
  addExecuted({ executed, alsoExecuted }: Pick<Boundary, "executed" | "alsoExecuted">): void {
    if (executed !== null && executed.prefix !== null)
      this.addNumber(executed.prefix, executed.number);
    for (const gtid of alsoExecuted) this.add(gtid);
  }

  addAll(later: GtidIntervals): void {
    this.#settle();
    later.#settle();
    for (const [source, intervals] of later.#intervals)
      for (const { first, last } of intervals) this.#append(source, first, last);
  }

  /** The text form of a GTID set, not normalised: a source may occur more than once. */
  toString(): string {
    this.#settle();
    return Array.from(this.#intervals, ([source, intervals]) =>
      intervals.map(({ first, last }) => `${source}:${first}-${last}`),
    )
      .flat()
      .join(",");
  }

  #settle(): void {
    if (this.#latest !== null) this.#latest.interval.last = BigInt(this.#latest.next - 1);
    this.#latest = null;
  }

  /** Adds the numbers from `first` to `last`, and returns the interval that contains them. */
  #append(source: string, first: bigint, last: bigint): Interval {
    let intervals = this.#intervals.get(source);
    if (intervals === undefined) this.#intervals.set(source, (intervals = []));
    const latest = intervals.at(-1);
    if (latest !== undefined && latest.last + 1n === first) {
      latest.last = last;
      return latest;
    }
    const interval = { first, last };
    intervals.push(interval);
    return interval;
  }
}
