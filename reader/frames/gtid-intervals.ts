/**
 * The source of the GTID that was added last, with its interval, and the number after it where a
 * number can hold it.
 */
interface Latest {
  /** With the colon behind it. */
  readonly prefix: string;
  readonly interval: Interval;
  next: number;
}

interface Interval {
  readonly first: bigint;
  last: bigint;
}

/**
 * GTIDs in the order of their execution, neighbours as one interval: a million of them from one
 * server are one text. Each tag of a server has numbers of its own, and so intervals of its own,
 * however the tags take turns.
 */
export class GtidIntervals {
  /** By what stands before the number. */
  readonly #intervals = new Map<string, Interval[]>();
  /** Its interval's `last` is behind until `#settle`. */
  #latest: Latest | null = null;

  /** Takes `uuid:number` or `uuid:tag:number`. Mostly it is the successor of the one before. */
  add(gtid: string): void {
    const latest = this.#latest;
    if (
      latest !== null &&
      gtid.startsWith(latest.prefix) &&
      Number(gtid.slice(latest.prefix.length)) === latest.next &&
      latest.next < Number.MAX_SAFE_INTEGER
    ) {
      latest.next++;
      return;
    }
    this.#settle();
    const prefix = gtid.slice(0, gtid.lastIndexOf(":") + 1);
    const number = BigInt(gtid.slice(prefix.length));
    const interval = this.#append(prefix.slice(0, -1), number, number);
    this.#latest =
      number < Number.MAX_SAFE_INTEGER ? { prefix, interval, next: Number(number) + 1 } : null;
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

  /** The interval that holds them now. */
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
