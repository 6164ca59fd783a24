import type { PositionText } from "../../wire/position.ts";
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
  /** For what the process list showed: whatever stands there or behind belongs here. */
  readonly since: PositionText | null;
}

/**
 * When the process list showed something, by positions: a server's clock may be set back. What
 * stands before `earliest` was written before the list was made, and what stands at `latest` or
 * behind it, after.
 */
export interface Sighting {
  readonly earliest: PositionText;
  readonly latest: PositionText;
}

/** Before, and behind, every position. */
const BEGINNING = "";
const END = "~";

/**
 * What is known of one connection. Its user may change while it lives (COM_CHANGE_USER), which the
 * binlog does not say: the ledger tells the position where a user begins, the process list only who
 * it was at a moment.
 */
export class KnownConnection {
  /** By position, oldest first. */
  #entries: Entry[] = [];
  /** Up to where the process list agreed with the last entry. */
  #confirmed: PositionText = BEGINNING;
  /**
   * Where the latest row of the ledger stands; what the process list showed before has nothing more
   * to say.
   */
  #registered: PositionText = BEGINNING;
  /**
   * Another account than the last entry's, and from where on it was seen; it may have begun
   * earlier.
   */
  #next: { readonly author: Author; readonly seen: PositionText } | null = null;
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
    this.#entries.unshift(...earlier.map((entry) => ({ ...entry, since: null })));
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
    this.#entries = [{ ...unknownFrom(""), since: null }];
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
  register(author: Author, from: string): void {
    const at = this.#entries.findLastIndex((entry) => entry.from <= from);
    const before = this.#entries[at];
    if (before?.attribution !== "ledger" || !sameAccount(before, author)) {
      this.#entries.splice(at + 1, 0, { ...author, from, since: null });
      this.#revision++;
    }
    this.#next = null;
    this.#registered = from;
    this.#confirmed = BEGINNING;
    this.#silentChanges = 0;
  }

  /** Forgets users that others had followed before a position up to which every change was sent. */
  forgetFormer(position: string): void {
    const present = this.#entries.findLastIndex(({ from }) => from < position);
    if (present > FORMER_KEPT) this.#entries.splice(0, present - FORMER_KEPT);
  }

  /** Takes what the process list showed. */
  sight(author: Author, { earliest, latest }: Sighting): void {
    const last = this.#entries.at(-1);
    if (this.#isDoubted && this.isOnlySighted) return;
    if (last === undefined) {
      this.#push({ ...author, from: "", since: null });
      this.#confirmed = earliest;
      return;
    }
    // Between a reset and a look at the process list the user may have changed again.
    if (last.tagged !== undefined) return;
    if (this.#registered !== BEGINNING && earliest <= this.#registered) return;
    if (!sameAccount(this.#next?.author ?? last, author)) {
      this.#next = { author, seen: latest };
    } else if (this.#next === null && earliest > this.#confirmed) {
      this.#confirmed = earliest;
    }
  }

  /**
   * Who wrote a change at `position`. Undefined where that is not certain: after the last sighting
   * of one account and before the first of another.
   */
  authorOf(position: PositionText): Author | undefined {
    const next = this.#next;
    if (next !== null && position >= next.seen) {
      this.#silentChanges++;
      const isTrusted = this.#silentChanges <= SILENT_CHANGES_TRUSTED;
      const entry = isTrusted ? { ...next.author, from: position } : unknownFrom(position);
      this.#push({ ...entry, since: next.seen });
      this.#next = null;
      this.#confirmed = isTrusted ? next.seen : END;
    } else if (
      next !== null &&
      position >= this.#confirmed &&
      this.#entries.at(-1)?.attribution !== "ledger"
    ) {
      // The ledger's word holds up to its next row. What only the process list said holds while it
      // was seen.
      this.#push({ ...unknownFrom(position), since: this.#confirmed });
      this.#confirmed = END;
    }
    this.#moveBack(position);
    return authorAt(this.#entries, position);
  }

  #push(entry: Entry): void {
    this.#entries.push(entry);
    this.#revision++;
  }

  /** In its place: an XA transaction comes with the position of its prepare, later than others. */
  #insert(entry: SessionEntry): void {
    const at = this.#entries.findLastIndex(({ from }) => from <= entry.from);
    this.#entries.splice(at + 1, 0, { ...entry, since: null });
    if (at + 2 === this.#entries.length) this.#next = null;
    this.#revision++;
  }

  /**
   * An entry begins where its first change is, also when another lane asked for a later one first.
   */
  #moveBack(position: PositionText): void {
    for (let i = this.#entries.length - 1; i >= 0; i--) {
      const entry = this.#entries[i];
      if (entry === undefined || entry.since === null || entry.from <= position) return;
      if (position < entry.since) continue;
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
