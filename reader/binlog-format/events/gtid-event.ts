/** The content of a GTID event, the first event of a transaction. */
export class GtidEvent {
  /** The part of the GTID before its number, `uuid:` or `uuid:tag:`; null without a GTID. */
  prefix: string | null = null;
  /** The GTID's number; a bigint only when a number cannot represent it. */
  number: number | bigint = 0;
  /** The GTID's tag (MySQL 8.3 and later); undefined when it has none. */
  tag: string | undefined = undefined;
  /**
   * When the server that is read committed the transaction, microseconds since 1970; 0 if a server
   * before 8.0 wrote the event.
   */
  immediateCommitTimestamp = 0;
  /** When the transaction's first server committed it, microseconds since 1970; 0 as above. */
  originalCommitTimestamp = 0;
  #text: string | null = null;

  /** `uuid:number` or `uuid:tag:number`; null for an anonymous transaction. */
  get gtid(): string | null {
    if (this.prefix !== null) this.#text ??= `${this.prefix}${this.number}`;
    return this.#text;
  }

  set(
    prefix: string | null,
    number: number | bigint,
    tag: string | undefined,
    immediateCommitTimestamp: number,
    originalCommitTimestamp: number,
  ): this {
    this.prefix = prefix;
    this.number = number;
    this.tag = tag;
    this.immediateCommitTimestamp = immediateCommitTimestamp;
    this.originalCommitTimestamp = originalCommitTimestamp;
    this.#text = null;
    return this;
  }
}
