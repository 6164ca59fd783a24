import type { Author } from "../../wire/session.ts";
import type { RowChange, Transaction } from "../transactions/transaction.ts";
import { digitsOf } from "./digits.ts";

/**
 * Estimates how long a frame's changes become in plain messages of one subscriber
 * (wire/change-text.ts), bytes. It is exact to some bytes a change, except for the authors, who are
 * looked up later: those of the lane's frame before stand for them.
 */
export class EnvelopeSize {
  readonly #authorBytes: number;
  #ofTransaction = 0;
  #bytes = 0;

  /** `authorBytes`: see `authorSize`. */
  constructor(authorBytes: number) {
    this.#authorBytes = authorBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** The changes that follow are of this transaction. */
  begin({ gtid, gtidPrefix, gtidNumber, file, thread, serverId }: Transaction): void {
    const gtidLength =
      gtidPrefix === undefined
        ? (gtid?.length ?? NO_GTID)
        : gtidPrefix.length + digitsOf(gtidNumber ?? 0);
    this.#ofTransaction =
      OWN_TEXTS +
      this.#authorBytes +
      2 * gtidLength +
      file.length +
      digitsOf(thread) +
      digitsOf(serverId);
  }

  /** Adds a change whose line in the frame has so many bytes. */
  add(lineBytes: number, { database, table }: RowChange): void {
    this.#bytes += lineBytes + this.#ofTransaction + database.length + table.length;
  }
}

/** The size of an author's names in a change, bytes; that of the longest one. */
export function authorSize(authors: readonly (Author | undefined)[]): number {
  let longest = 0;
  for (const author of authors) {
    if (author === undefined) continue;
    const { user, host, attribution } = author;
    longest = Math.max(longest, user.length + host.length + attribution.length);
  }
  return longest;
}

/**
 * What a change's envelope has of its own beyond the row, names and numbers of its line: the names
 * of its members and its time, less the separators of the line.
 */
const OWN_TEXTS = 184;
/** In place of a GTID, a change's id has the server's UUID and the file. */
const NO_GTID = 34;
