import { authorAt, type Author, type SessionEntry, unknownFrom } from "../../wire/session.ts";

/**
 * What is known of one connection. Its user may change while it lives (COM_CHANGE_USER), which the binlog does not say:
 * the ledger tells the place where a user begins, the process list only who it was at a moment.
 */
export class KnownConnection {
  /** By place in the stream, oldest first. */
  readonly entries: SessionEntry[] = [];
  /** When the process list last agreed with the last entry; the server's clock, microseconds since 1970. */
  #confirmedUs = 0;
  /** Another account than the last entry's, and when it was first seen; its place in the stream is not known yet. */
  #next: { readonly author: Author; readonly seenUs: number } | null = null;

  /** Takes a row of the ledger. */
  register(author: Author, from: string): void {
    this.entries.push({ ...author, from });
    this.#next = null;
    this.#confirmedUs = 0;
  }

  /** Takes what the process list showed; true when the account is another than before. */
  sight(author: Author, atUs: number): boolean {
    const last = this.entries.at(-1);
    if (last === undefined) {
      this.entries.push({ ...author, from: "" });
      this.#confirmedUs = atUs;
      return false;
    }
    const latest = this.#next?.author ?? last;
    if (sameAccount(latest, author)) {
      if (this.#next === null) this.#confirmedUs = Math.max(this.#confirmedUs, atUs);
      return false;
    }
    this.#next = { author, seenUs: atUs };
    return true;
  }

  /**
   * Who wrote a change at `position`, committed at `committedUs`. Undefined where that is not certain: after the last
   * sighting of one account and before the first of another. To be asked in the stream's order: the answer for a later
   * account fixes the place where it begins.
   */
  authorOf(position: string, committedUs: number): Author | undefined {
    const next = this.#next;
    if (next !== null && committedUs > next.seenUs) {
      this.entries.push({ ...next.author, from: position });
      this.#next = null;
      this.#confirmedUs = next.seenUs;
    } else if (
      next !== null &&
      committedUs > this.#confirmedUs &&
      this.entries.at(-1)?.attribution !== "ledger"
    ) {
      // The ledger's word holds up to its next row. What only the process list said holds while it was seen.
      this.entries.push(unknownFrom(position));
      this.#confirmedUs = Number.POSITIVE_INFINITY;
    }
    return authorAt(this.entries, position);
  }
}

function sameAccount(a: Author, b: Author): boolean {
  return a.user === b.user && a.host === b.host;
}
