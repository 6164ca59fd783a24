import type { GtidEvent } from "../binlog-format/events/gtid-event.ts";
import type { Anchor } from "./transaction.ts";

/**
 * The anchor of the last transaction that was read. It is changed after each transaction, so its
 * GTID becomes a text only when it is asked for.
 */
export class ReadAnchor implements Anchor {
  file = "";
  start = 0;
  begunS: number | null = null;
  committedUs = 0;
  #gtidPrefix: string | null = null;
  /** A GTID that is one text. */
  #gtid: string | null = null;
  #gtidNumber: number | bigint = 0;

  get gtid(): string | null {
    return this.#gtidPrefix === null ? this.#gtid : `${this.#gtidPrefix}${this.#gtidNumber}`;
  }

  /** The first event of a transaction. */
  isTransaction(file: string, start: number, gtid: GtidEvent): void {
    this.file = file;
    this.start = start;
    this.begunS = null;
    this.committedUs = gtid.originalCommitTimestamp;
    this.#gtid = null;
    this.#gtidPrefix = gtid.prefix;
    this.#gtidNumber = gtid.number;
  }

  /** The first event of a file; the transaction stays the same. */
  isFile(file: string, start: number, begunS: number): void {
    this.file = file;
    this.start = start;
    this.begunS = begunS;
  }

  /** Becomes equal to another anchor. */
  copy(other: Anchor): void {
    this.file = other.file;
    this.start = other.start;
    this.begunS = other.begunS;
    this.committedUs = other.committedUs;
    const isRead = other instanceof ReadAnchor;
    this.#gtidPrefix = isRead ? other.#gtidPrefix : null;
    this.#gtidNumber = isRead ? other.#gtidNumber : 0;
    this.#gtid = isRead ? other.#gtid : other.gtid;
  }

  /** The anchor as it is now. */
  kept(): Anchor {
    const { file, start, begunS, gtid, committedUs } = this;
    return { file, start, begunS, gtid, committedUs };
  }
}
