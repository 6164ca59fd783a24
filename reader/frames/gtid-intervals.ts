/** GTIDs in the order of their execution, neighbours as one interval: a million of them from one server are one text. */
export class GtidIntervals {
  readonly #intervals: { source: string; first: bigint; last: bigint }[] = [];

  /** Takes `uuid:number` or `uuid:tag:number`. */
  add(gtid: string): void {
    const colon = gtid.lastIndexOf(":");
    const number = BigInt(gtid.slice(colon + 1));
    this.#append(gtid.slice(0, colon), number, number);
  }

  addAll(later: GtidIntervals): void {
    for (const { source, first, last } of later.#intervals) this.#append(source, first, last);
  }

  /** The text form of a GTID set, not normalised: a source may occur more than once. */
  toString(): string {
    return this.#intervals.map(({ source, first, last }) => `${source}:${first}-${last}`).join(",");
  }

  #append(source: string, first: bigint, last: bigint): void {
    const latest = this.#intervals.at(-1);
    if (latest !== undefined && latest.source === source && latest.last + 1n === first)
      latest.last = last;
    else this.#intervals.push({ source, first, last });
  }
}
