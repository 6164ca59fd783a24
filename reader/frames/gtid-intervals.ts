interface Interval {
  readonly first: bigint;
  last: bigint;
}

/**
 * GTIDs in the order of their execution, neighbours as one interval: a million of them from one server are one text. Each
 * tag of a server has numbers of its own, and so intervals of its own, however the tags take turns.
 */
export class GtidIntervals {
  /** By what stands before the number. */
  readonly #intervals = new Map<string, Interval[]>();

  /** Takes `uuid:number` or `uuid:tag:number`. */
  add(gtid: string): void {
    const colon = gtid.lastIndexOf(":");
    const number = BigInt(gtid.slice(colon + 1));
    this.#append(gtid.slice(0, colon), number, number);
  }

  addAll(later: GtidIntervals): void {
    for (const [source, intervals] of later.#intervals)
      for (const { first, last } of intervals) this.#append(source, first, last);
  }

  /** The text form of a GTID set, not normalised: a source may occur more than once. */
  toString(): string {
    return Array.from(this.#intervals, ([source, intervals]) =>
      intervals.map(({ first, last }) => `${source}:${first}-${last}`),
    )
      .flat()
      .join(",");
  }

  #append(source: string, first: bigint, last: bigint): void {
    const intervals = this.#intervals.get(source);
    if (intervals === undefined) {
      this.#intervals.set(source, [{ first, last }]);
      return;
    }
    const latest = intervals.at(-1);
    if (latest !== undefined && latest.last + 1n === first) latest.last = last;
    else intervals.push({ first, last });
  }
}
