import { authorAt, type Author, type SessionEntry, unknownFrom } from "../../wire/session.ts";

/** How many of a connection's users are remembered; a pool may change its user for every transaction. */
const ENTRIES_KEPT = 4;
/** A connection that changed its user so often without telling the ledger is taken at nobody's word until it does. */
const SILENT_CHANGES_TRUSTED = 1;

interface Entry extends SessionEntry {
  /** May move to an earlier place: lanes ask out of order. */
  from: string;
  /** For what the process list showed: whatever was committed later belongs here. The server's clock, microseconds. */
  readonly sinceUs: number | null;
}

/**
 * What is known of one connection. Its user may change while it lives (COM_CHANGE_USER), which the binlog does not say:
 * the ledger tells the place where a user begins, the process list only who it was at a moment.
 */
export class KnownConnection {
  /** By place in the stream, oldest first. */
  #entries: Entry[] = [];
  /** When the process list last agreed with the last entry; the server's clock, microseconds since 1970. */
  #confirmedUs = 0;
  /** Another account than the last entry's, and when it was first seen; its place in the stream is not known yet. */
  #next: { readonly author: Author; readonly seenUs: number } | null = null;
  #silentChanges = 0;
  #revision = 0;

  get entries(): readonly SessionEntry[] {
    return this.#entries;
  }

  /** Goes up whenever the entries change. */
  get revision(): number {
    return this.#revision;
  }

  /** How often its user changed without a row in the ledger, since the last such row. */
  get silentChanges(): number {
    return this.#silentChanges;
  }

  /** Takes what an earlier reader recorded. */
  restore(entries: readonly SessionEntry[]): void {
    this.#entries = entries.map((entry) => ({ ...entry, sinceUs: null }));
  }

  /** Takes a row of the ledger. */
  register(author: Author, from: string): void {
    const last = this.#entries.at(-1);
    const isNews =
      last === undefined || last.attribution !== "ledger" || !sameAccount(last, author);
    if (isNews) this.#push({ ...author, from, sinceUs: null });
    this.#next = null;
    this.#confirmedUs = 0;
    this.#silentChanges = 0;
  }

  /** Takes what the process list showed at a moment. */
  sight(author: Author, atUs: number): void {
    const last = this.#entries.at(-1);
    if (last === undefined) {
      this.#push({ ...author, from: "", sinceUs: null });
      this.#confirmedUs = atUs;
      return;
    }
    if (!sameAccount(this.#next?.author ?? last, author)) this.#next = { author, seenUs: atUs };
    else if (this.#next === null) this.#confirmedUs = Math.max(this.#confirmedUs, atUs);
  }

  /**
   * Who wrote a change at `position`, committed at `committedUs`. Undefined where that is not certain: after the last
   * sighting of one account and before the first of another.
   */
  authorOf(position: string, committedUs: number): Author | undefined {
    const next = this.#next;
    if (next !== null && committedUs > next.seenUs) {
      this.#silentChanges++;
      const isTrusted = this.#silentChanges <= SILENT_CHANGES_TRUSTED;
      const entry = isTrusted ? { ...next.author, from: position } : unknownFrom(position);
      this.#push({ ...entry, sinceUs: next.seenUs });
      this.#next = null;
      this.#confirmedUs = isTrusted ? next.seenUs : Number.POSITIVE_INFINITY;
    } else if (
      next !== null &&
      committedUs > this.#confirmedUs &&
      this.#entries.at(-1)?.attribution !== "ledger"
    ) {
      // The ledger's word holds up to its next row. What only the process list said holds while it was seen.
      this.#push({ ...unknownFrom(position), sinceUs: this.#confirmedUs });
      this.#confirmedUs = Number.POSITIVE_INFINITY;
    }
    this.#moveBack(position, committedUs);
    return authorAt(this.#entries, position);
  }

  #push(entry: Entry): void {
    this.#entries.push(entry);
    if (this.#entries.length > ENTRIES_KEPT) this.#entries.shift();
    this.#revision++;
  }

  /** An entry begins where its first change is, also when another lane asked for a later one first. */
  #moveBack(position: string, committedUs: number): void {
    for (let i = this.#entries.length - 1; i >= 0; i--) {
      const entry = this.#entries[i];
      if (entry === undefined || entry.sinceUs === null || entry.from <= position) return;
      if (committedUs <= entry.sinceUs) continue;
      entry.from = position;
      this.#revision++;
    }
  }
}

function sameAccount(a: Author, b: Author): boolean {
  return a.user === b.user && a.host === b.host;
}
