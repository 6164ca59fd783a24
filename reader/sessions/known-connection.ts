import {
  authorAt,
  type Author,
  entryAt,
  type SessionEntry,
  type TaggedAccount,
  taggedFrom,
  unknownFrom,
} from "../../wire/session.ts";

/**
 * How many of a connection's former users are remembered; a pool may change its user for every
 * transaction.
 */
const FORMER_KEPT = 3;
/**
 * After this many silent user changes, leave the connection unattributed until the ledger registers
 * it again.
 */
const SILENT_CHANGES_TRUSTED = 1;

interface Entry extends SessionEntry {
  /** May move to an earlier position: lanes ask out of order. */
  from: string;
  /**
   * For what the process list showed: whatever was committed later belongs here. The server's
   * clock, microseconds.
   */
  readonly sinceUs: number | null;
}

/**
 * When the process list showed something: not before one moment and not after another; the server's
 * clock, microseconds.
 */
export interface Sighting {
  readonly earliestUs: number;
  readonly latestUs: number;
}

/**
 * What is known of one connection. Its user may change while it lives (COM_CHANGE_USER), which the
 * binlog does not say: the ledger tells the position where a user begins, the process list only who
 * it was at a moment.
 */
export class KnownConnection {
  /** By position, oldest first. */
  #entries: Entry[] = [];
  /**
   * When the process list last agreed with the last entry; the server's clock, microseconds since
   * 1970.
   */
  #confirmedUs = 0;
  /**
   * When the latest row of the ledger was committed; what the process list showed before has
   * nothing more to say.
   */
  #registeredUs = 0;
  /**
   * Another account than the last entry's, and when it was first seen; its position is not known
   * yet.
   */
  #next: { readonly author: Author; readonly seenUs: number } | null = null;
  #silentChanges = 0;
  #isDoubted = false;
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

  /** Takes what an earlier reader recorded; what this one learnt meanwhile is later. */
  restore(recorded: readonly SessionEntry[]): void {
    const [first] = this.#entries;
    const earlier = recorded.filter(({ from }) => first === undefined || from < first.from);
    // The same account as before: nothing was learnt, and the entry before may know the host.
    if (first?.tagged?.host === "" && first.tagged.user === earlier.at(-1)?.tagged?.user)
      this.#entries.shift();
    this.#entries.unshift(...earlier.map((entry) => ({ ...entry, sinceUs: null })));
  }

  /** The user whom its latest tag named; undefined for none. */
  get tagged(): string | undefined {
    return this.#entries.at(-1)?.tagged?.user;
  }

  /** Whether the process list alone told of it, if anybody did. */
  get isOnlySighted(): boolean {
    return this.#entries.every(
      ({ attribution, tagged }) =>
        tagged === undefined && (attribution === "sweep" || attribution === "first-sight"),
    );
  }

  /** Whether its user is known to have changed, where the process list alone told of it. */
  get isDoubted(): boolean {
    return this.#isDoubted;
  }

  /**
   * Its user has changed, nobody knows when: what the process list showed counts no more, nor what
   * it will show.
   */
  doubt(): void {
    if (!this.isOnlySighted || this.#isDoubted) return;
    this.#isDoubted = true;
    this.#entries = [{ ...unknownFrom(""), sinceUs: null }];
    this.#next = null;
    this.#revision++;
  }

  /** Whether a transaction without a tag, at this position, says that the session was reset. */
  isReset(position: string): boolean {
    return entryAt(this.#entries, position)?.tagged !== undefined;
  }

  /** Whether the last that is known of it is this user's tag. */
  hasTag(user: string): boolean {
    return this.#entries.at(-1)?.tagged?.user === user;
  }

  /**
   * Takes a transaction with a user's tag. What the ledger said stays, also where it names another
   * user.
   */
  tag(user: string, from: string): void {
    const before = entryAt(this.#entries, from);
    const account = ledgersWord(before) ?? { user, host: "" };
    if (before?.tagged?.user === account.user) return;
    this.#insert(taggedFrom(from, { user: account.user, host: account.host }));
  }

  /** Takes a row of the ledger from a transaction that has a tag. */
  registerTagged(account: TaggedAccount, from: string): void {
    const before = entryAt(this.#entries, from);
    if (before?.tagged === undefined || !sameAccount(before.tagged, account))
      this.#insert(taggedFrom(from, { user: account.user, host: account.host }));
    this.#silentChanges = 0;
  }

  /**
   * The account of a transaction with a user's tag: its host as the ledger has it, else "".
   * Undefined where the ledger says that the connection is another user's.
   */
  accountOf(user: string, position: string): TaggedAccount | undefined {
    const account = ledgersWord(entryAt(this.#entries, position)) ?? { user, host: "" };
    return account.user === user ? { user, host: account.host } : undefined;
  }

  /** Takes a row of the ledger; one that is read again changes nothing. */
  register(author: Author, from: string, committedUs: number): void {
    const at = this.#entries.findLastIndex((entry) => entry.from <= from);
    const before = this.#entries[at];
    if (before?.attribution !== "ledger" || !sameAccount(before, author)) {
      this.#entries.splice(at + 1, 0, { ...author, from, sinceUs: null });
      this.#revision++;
    }
    this.#next = null;
    this.#registeredUs = committedUs;
    this.#confirmedUs = 0;
    this.#silentChanges = 0;
  }

  /** Forgets users that others had followed before a position up to which every change was sent. */
  forgetFormer(position: string): void {
    const present = this.#entries.findLastIndex(({ from }) => from < position);
    if (present > FORMER_KEPT) this.#entries.splice(0, present - FORMER_KEPT);
  }

  /** Takes what the process list showed. */
  sight(author: Author, { earliestUs, latestUs }: Sighting): void {
    const last = this.#entries.at(-1);
    if (this.#isDoubted && this.isOnlySighted) return;
    if (last === undefined) {
      this.#push({ ...author, from: "", sinceUs: null });
      this.#confirmedUs = earliestUs;
      return;
    }
    // Between a reset and a look at the process list the user may have changed again.
    if (last.tagged !== undefined || earliestUs < this.#registeredUs) return;
    if (!sameAccount(this.#next?.author ?? last, author)) {
      this.#next = { author, seenUs: latestUs };
    } else if (this.#next === null) {
      this.#confirmedUs = Math.max(this.#confirmedUs, earliestUs);
    }
  }

  /**
   * Who wrote a change at `position`, committed at `committedUs`. Undefined where that is not
   * certain: after the last sighting of one account and before the first of another.
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
      // The ledger's word holds up to its next row. What only the process list said holds while it
      // was seen.
      this.#push({ ...unknownFrom(position), sinceUs: this.#confirmedUs });
      this.#confirmedUs = Number.POSITIVE_INFINITY;
    }
    this.#moveBack(position, committedUs);
    return authorAt(this.#entries, position);
  }

  #push(entry: Entry): void {
    this.#entries.push(entry);
    this.#revision++;
  }

  /** In its place: an XA transaction comes with the position of its prepare, later than others. */
  #insert(entry: SessionEntry): void {
    const at = this.#entries.findLastIndex(({ from }) => from <= entry.from);
    this.#entries.splice(at + 1, 0, { ...entry, sinceUs: null });
    if (at + 2 === this.#entries.length) this.#next = null;
    this.#revision++;
  }

  /**
   * An entry begins where its first change is, also when another lane asked for a later one first.
   */
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

/** The account that the ledger registered, where an entry is of a row of it. */
function ledgersWord(entry: SessionEntry | undefined): TaggedAccount | undefined {
  if (entry?.attribution === "ledger") return entry;
  return entry?.tagged?.host === "" ? undefined : entry?.tagged;
}

function sameAccount(a: TaggedAccount, b: TaggedAccount): boolean {
  return a.user === b.user && a.host === b.host;
}
