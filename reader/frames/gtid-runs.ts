/** GTIDs in the order of their execution, neighbours as one interval: a million of them from one server are one text. */
export class GtidRuns {
  readonly #runs: { source: string; first: bigint; last: bigint }[] = [];

  /** Takes `uuid:number` or `uuid:tag:number`. */
  add(gtid: string): void {
    const colon = gtid.lastIndexOf(":");
    const number = BigInt(gtid.slice(colon + 1));
    this.#append(gtid.slice(0, colon), number, number);
  }

  addAll(later: GtidRuns): void {
    for (const { source, first, last } of later.#runs) this.#append(source, first, last);
  }

  /** The text form of a GTID set, not normalised: a source may occur more than once. */
  toString(): string {
    return this.#runs.map(({ source, first, last }) => `${source}:${first}-${last}`).join(",");
  }

  #append(source: string, first: bigint, last: bigint): void {
    const run = this.#runs.at(-1);
    if (run !== undefined && run.source === source && run.last + 1n === first) run.last = last;
    else this.#runs.push({ source, first, last });
  }
}
