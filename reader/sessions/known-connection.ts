import { withoutEpoch, type PositionText } from "../../wire/position.ts";
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
 * How many former users of a connection are remembered. A pool may change the user of a connection
 * for every transaction.
 */
const FORMER_KEPT = 3;
/**
 * After this many silent user changes, leave the connection unattributed until the ledger registers
 * it again.
 */
const SILENT_CHANGES_TRUSTED = 1;

/**
 * When the process list was read, as positions, because a server's clock may be set back.
 * Everything before `earliest` was written before the list was made, everything from `latest` on
 * was written after.
 */
export interface Sighting {
  readonly earliest: PositionText;
  readonly latest: PositionText;
}

/** Before every position. */
const BEGINNING = "";

/**
 * The known users of one connection. A connection can change its user (COM_CHANGE_USER), and the
 * binlog does not contain that. The ledger gives the position from which a user writes; the process
 * list gives only the user at one moment.
 */
export class KnownConnection {
  /** By position, the earliest first. */
  #entries: SessionEntry[] = [];
  /** The position up to which the process list confirmed the last entry. */
  #confirmed: PositionText = BEGINNING;
  /** The position of the latest ledger row; earlier sightings are ignored. */
  #registered: PositionText = BEGINNING;
  /**
   * An account other than the last entry's, and the position from which it was certainly present;
   * it may have begun to write earlier. `earliest`: everything before this position was written
   * before the account was seen.
   */
  #next: {
    readonly author: Author;
    readonly earliest: PositionText;
    readonly seen: PositionText;
  } | null = null;
  #silentChanges = 0;
  #isDoubted = false;
  #revision = 0;

  get entries(): readonly SessionEntry[] {
    return this.#entries;
  }

  /** Increases with every change of the entries. */
  get revision(): number {
    return this.#revision;
  }

  /** The number of user changes without a ledger row since the last such row. */
  get silentChanges(): number {
    return this.#silentChanges;
  }

  /**
   * Adds the entries that an earlier reader recorded, before the entries of this reader. An account
   * from the process list that is followed by an unknown author counts as unknown too: earlier
   * releases recorded the unknown author from the first change on that was asked for, which may be
   * too late.
   */
  restore(recorded: readonly SessionEntry[]): void {
    const [first] = this.#entries;
    const earlier = recorded.filter(
      ({ from }) => first === undefined || isEarlier(from, first.from),
    );
    // The first entry repeats the recorded user, whose entry may have the host.
    if (first?.tagged?.host === "" && first.tagged.user === earlier.at(-1)?.tagged?.user)
      this.#entries.shift();
    const certain = earlier.map((entry, i) => {
      if (isUnknown(entry) || !isSighted(entry) || !isUnknown(earlier[i + 1])) return entry;
      this.#revision++; // recorded again, because the table still names the account
      return unknownFrom(entry.from);
    });
    this.#entries.unshift(...certain);
  }

  /** The user of its latest tag, if the last entry is from a tag; else undefined. */
  get tagged(): string | undefined {
    return this.#entries.at(-1)?.tagged?.user;
  }

  /** Whether all entries, if any, come from the process list. */
  get isOnlySighted(): boolean {
    return this.#entries.every(isSighted);
  }

  /** Whether its user changed while all entries came from the process list (see `doubt`). */
  get isDoubted(): boolean {
    return this.#isDoubted;
  }

  /**
   * Called when its user has changed at an unknown position. From now on, past and future sightings
   * in the process list are ignored.
   */
  doubt(): void {
    if (!this.isOnlySighted || this.#isDoubted) return;
    this.#isDoubted = true;
    this.#entries = [unknownFrom(BEGINNING)];
    this.#next = null;
    this.#revision++;
  }

  /** Whether a transaction without a tag at this position means that the session was reset. */
  isReset(position: string): boolean {
    return entryAt(this.#entries, position, withoutEpoch)?.tagged !== undefined;
  }

  /** Whether an entry is from a tag. */
  get hasTags(): boolean {
    return this.#entries.some(({ tagged }) => tagged !== undefined);
  }

  /** Whether these facts name one author from `position` on, with one tag or (else) without. */
  isFinal(position: PositionText, isTagged: boolean): boolean {
    const entry = entryAt(this.#entries, position, withoutEpoch);
    if (this.#next !== null || entry !== this.#entries.at(-1)) return false;
    return isTagged || (entry?.tagged === undefined && !this.#isDoubted);
  }

  /** Whether the last entry is from this user's tag. */
  hasTag(user: string): boolean {
    return this.#entries.at(-1)?.tagged?.user === user;
  }

  /**
   * Records a transaction with a user's tag. A registration in the ledger stays valid, even if it
   * names another user.
   */
  tag(user: string, from: string): void {
    const before = entryAt(this.#entries, from, withoutEpoch);
    const account = ledgersWord(before) ?? { user, host: "" };
    if (before?.tagged?.user === account.user) return;
    this.#insert(taggedFrom(from, { user: account.user, host: account.host }));
  }

  /** Records a ledger row from a transaction with a tag. */
  registerTagged(account: TaggedAccount, from: string): void {
    const before = entryAt(this.#entries, from, withoutEpoch);
    if (before?.tagged === undefined || !sameAccount(before.tagged, account))
      this.#insert(taggedFrom(from, { user: account.user, host: account.host }));
    this.#silentChanges = 0;
  }

  /**
   * The account of a transaction with a user's tag, with the host from the ledger or "". undefined
   * when the ledger names another user for the connection.
   */
  accountOf(user: string, position: string): TaggedAccount | undefined {
    const known = ledgersWord(entryAt(this.#entries, position, withoutEpoch));
    const account = known ?? { user, host: "" };
    return account.user === user ? { user, host: account.host } : undefined;
  }

  /**
   * Records a ledger row. A row that is read again changes nothing. The row of an XA transaction
   * has the position of its prepare but is read at its commit, so later facts may be known already.
   * They stay valid.
   */
  register(author: Author, from: string): void {
    const at = this.#entries.findLastIndex((entry) => !isEarlier(from, entry.from));
    const before = this.#entries[at];
    if (before?.attribution !== "ledger" || !sameAccount(before, author)) {
      this.#entries.splice(at + 1, 0, { ...author, from });
      this.#revision++;
    }
    const last = this.#entries.at(-1)?.from ?? from;
    if (isEarlier(from, this.#registered) || isEarlier(from, last)) return;
    const next = this.#next;
    if (next !== null && (next.earliest <= from || sameAccount(next.author, author)))
      this.#next = null;
    this.#registered = from;
    this.#confirmed = BEGINNING;
    this.#silentChanges = 0;
  }

  /**
   * Removes the oldest users whose entries ended before a position up to which every change was
   * sent.
   */
  forgetFormer(position: string): void {
    const present = this.#entries.findLastIndex(({ from }) => isEarlier(from, position));
    if (present > FORMER_KEPT) this.#entries.splice(0, present - FORMER_KEPT);
  }

  /** Records a sighting in the process list. */
  sight(author: Author, { earliest, latest }: Sighting): void {
    const last = this.#entries.at(-1);
    if (this.#isDoubted && this.isOnlySighted) return;
    if (last === undefined) {
      this.#push({ ...author, from: BEGINNING });
      this.#confirmed = earliest;
      return;
    }
    // Between a reset of the session and the sighting, the user may have changed again.
    if (last.tagged !== undefined) return;
    if (this.#registered !== BEGINNING && earliest <= this.#registered) return;
    if (!sameAccount(this.#next?.author ?? last, author)) {
      this.#next = { author, earliest, seen: latest };
      // A registration holds until the next ledger row, unlike an account from the process list.
      if (last.attribution !== "ledger") this.#endLast();
    } else if (this.#next === null && earliest > this.#confirmed) {
      this.#confirmed = earliest;
    }
  }

  /**
   * The author of a change at `position`; undefined when it is uncertain, such as between the last
   * sighting of one account and the first of another.
   */
  authorOf(position: PositionText): Author | undefined {
    const next = this.#next;
    if (next !== null && position >= next.seen) {
      this.#silentChanges++;
      const isTrusted = this.#silentChanges <= SILENT_CHANGES_TRUSTED;
      this.#push(isTrusted ? { ...next.author, from: next.seen } : unknownFrom(next.seen));
      this.#next = null;
      this.#confirmed = next.seen;
    }
    return authorAt(this.#entries, position, withoutEpoch);
  }

  /**
   * Ends the last entry at its last sighting, because another account was seen since. The stretch
   * is recorded from there, whichever of its changes was asked for first, so that the sessions
   * table never names the former account in it.
   */
  #endLast(): void {
    const last = this.#entries.at(-1);
    if (last === undefined || isUnknown(last)) return;
    // A recorded account was seen where its entry begins.
    const end = isEarlier(this.#confirmed, last.from) ? last.from : this.#confirmed;
    if (last.from === end) this.#entries.pop();
    this.#push(unknownFrom(end));
  }

  #push(entry: SessionEntry): void {
    this.#entries.push(entry);
    this.#revision++;
  }

  /**
   * Inserts by position: an XA transaction has the position of its prepare but is read later than
   * others.
   */
  #insert(entry: SessionEntry): void {
    const at = this.#entries.findLastIndex(({ from }) => !isEarlier(entry.from, from));
    this.#entries.splice(at + 1, 0, entry);
    if (at + 2 === this.#entries.length) this.#next = null;
    this.#revision++;
  }
}

/**
 * Whether a position is before another one in the connection's run, which an earlier life may have
 * read, too.
 */
function isEarlier(position: PositionText, other: PositionText): boolean {
  return withoutEpoch(position) < withoutEpoch(other);
}

/** The account that the ledger registered, if the entry comes from a ledger row; else undefined. */
function ledgersWord(entry: SessionEntry | undefined): TaggedAccount | undefined {
  if (entry?.attribution === "ledger") return entry;
  return entry?.tagged?.host === "" ? undefined : entry?.tagged;
}

function sameAccount(a: TaggedAccount, b: TaggedAccount): boolean {
  return a.user === b.user && a.host === b.host;
}

function isUnknown(entry: SessionEntry | undefined): boolean {
  return entry?.tagged === undefined && entry?.user === "" && entry.host === "";
}

function isSighted({ attribution, tagged }: SessionEntry): boolean {
  return tagged === undefined && (attribution === "sweep" || attribution === "first-sight");
}
