import { userOf } from "../../wire/account-tag.ts";
import { formatPosition, type PositionText } from "../../wire/position.ts";
import { type Author, isForeignRun } from "../../wire/session.ts";
import type { BinlogPosition } from "../transactions/binlog-position.ts";
import { type Transaction, writingOf } from "../transactions/transaction.ts";
import type { TransactionList } from "../transactions/transaction-list.ts";
import type { SavedPosition } from "./session.ts";
import type { ProveUsers } from "./proven-users.ts";
import { ReadPosition } from "./read-position.ts";
import { ResetSessions } from "./reset-sessions.ts";
import { type Forgetting, RememberedSessions } from "./remembered-sessions.ts";
import type { Session } from "./session.ts";
import { type ListQueries, Sightings } from "./sightings.ts";
import { SessionDoubts } from "./session-doubts.ts";
import { EVERYTHING, type RecordsTable, SessionRecords } from "./session-records.ts";

export interface SessionBookOptions extends ListQueries {
  readonly epoch: number;
  /** `@@server_uuid` of the server that is read. */
  readonly server: string;
  /**
   * Whether the process list is valid for a transaction's thread id: this server wrote the
   * transaction, in its present run.
   */
  readonly isOfThisRun: (transaction: Transaction) => boolean;
  readonly table: RecordsTable;
  /** Finds the users of connections whose session was reset, if they are certain. */
  readonly prove: ProveUsers;
  /** Whether each new connection registers itself, see `registersSessions`. */
  readonly isRegistering: boolean;
  /** For a reader that records nothing. Left out: `sweep` and `record` decide what is forgotten. */
  readonly forgetting?: Forgetting;
  /** Called when a live connection turns out to have changed its account without a ledger row. */
  readonly onUserChanged: (thread: number) => void;
  /** Called for a transaction whose GTID tag and ledger row name different users. */
  readonly onDisagreement: (transaction: Transaction) => void;
}

/** The author of transactions that the server generates. */
const SERVER: Author = { user: "", host: "", attribution: "server" };

/**
 * Finds the author of a transaction: by its GTID's tag; else by its thread id in the ledger; else
 * by its thread id in the process list. The lookup starts when the first change is read, because
 * the connection may be closed soon.
 */
export class SessionBook {
  readonly read = new ReadPosition();
  readonly #options: SessionBookOptions;
  readonly #sessions: RememberedSessions;
  #saved: SavedPosition | null = null;
  readonly #sightings: Sightings;
  readonly #doubts: SessionDoubts;
  readonly #records: SessionRecords;

  constructor(options: SessionBookOptions) {
    this.#options = options;
    const { server, forgetting } = options;
    this.#sessions = new RememberedSessions(server, forgetting?.most, forgetting?.recordedTo);
    const resets = new ResetSessions(options.prove, this.read);
    this.#records = new SessionRecords(options.table, options.server, this.#sessions);
    this.#doubts = new SessionDoubts(options.isRegistering, resets, this.#records);
    this.#sightings = new Sightings({
      queries: options,
      epoch: options.epoch,
      read: this.read,
      sessions: this.#sessions,
      records: this.#records,
      resets,
    });
  }

  /** The number of connections in memory. */
  get size(): number {
    return this.#sessions.size;
  }

  /**
   * Called with each transaction when its first change is read; starts the lookup of an unknown
   * author.
   */
  notice(transaction: Transaction): void {
    const session = this.#sessionOf(transaction);
    if (session === null) return;
    const isPresent = this.#options.isOfThisRun(transaction);
    session.isPresent ||= isPresent;
    see(session, transaction);
    const tagged = taggedUser(transaction);
    if (tagged !== null) {
      if (session.facts.hasTag(tagged)) return;
      session.facts.tag(tagged, this.#textOf(writingOf(transaction)));
      return this.#sessions.note(session);
    }
    if (session.facts.entries.length > 0) {
      if (isPresent) this.#doubt(session, transaction);
      return;
    }
    // One lookup is enough, unless the process list could not be queried then and can be now.
    if (session.answer !== null && (session.isAsked || !session.isPresent)) return;
    session.isAsked = session.isPresent;
    session.answer = this.#sightings.lookUp(session, session.isPresent);
    session.answer.catch(() => undefined); // `authorsOf` handles it
    if (isPresent) this.#doubt(session, transaction);
  }

  /**
   * The author of each transaction, after running lookups have ended; undefined when it is
   * uncertain. The route function then looks the connection up, so what is known of it is recorded
   * first: an earlier record may name the former user.
   */
  async authorsOf(transactions: TransactionList): Promise<readonly (Author | undefined)[]> {
    const sessions = transactions.origins.map((first) => this.#sessionOf(first));
    for (const session of new Set(sessions)) {
      await session?.answer;
      await session?.proof;
    }
    const missed = new Set<Session>();
    const authors = this.#lookUp(transactions, sessions, missed);
    if (missed.size > 0) await this.#records.writeMissed(missed);
    return authors;
  }

  /** Records a ledger row: from its transaction on, the connection belongs to this author. */
  register(transaction: Transaction, author: Author): void {
    const session = this.#sessionOf(transaction);
    if (session === null) return;
    session.isPresent ||= this.#options.isOfThisRun(transaction);
    see(session, transaction);
    const from = this.#textOf(writingOf(transaction));
    if (taggedUser(transaction) !== null) session.facts.registerTagged(author, from);
    else session.facts.register(author, from);
    this.#sessions.note(session);
  }

  /**
   * Records the connections in the process list, once reading has reached the server's present run.
   */
  async sweep(): Promise<void> {
    const swept = await this.#sightings.sweep();
    if (swept === null) return;
    const { run, census } = swept;
    if (this.#saved !== null && this.read.hasPassed(census.end)) {
      this.#sessions.forgetOver(this.#saved, census);
    }
    await this.#records.write(
      [...this.#sessions.unrecorded].filter(({ isMissed }) => isMissed),
      EVERYTHING,
    );
    await this.#records.refresh(run, census);
  }

  /**
   * Records every session that must be known from a position on; called before the offset is saved
   * there. Sessions that are over are forgotten instead, so thousands of short connections cost
   * next to nothing. `readTo`: the position up to which the binlog was read, if a prepared XA
   * transaction holds `position` back. A reader that resumes by GTIDs does not read the
   * registrations in between again.
   */
  async record(
    position: BinlogPosition,
    run: number | null,
    readTo: BinlogPosition = position,
  ): Promise<void> {
    const from = this.#textOf(position);
    const saved = { position, run };
    this.#saved = saved;
    if (this.#sessions.unrecorded.size === 0) return;
    this.#sessions.forgetOver(saved, await this.#sightings.settledCensus());
    await this.#records.restore(
      [...this.#sessions.unrecorded].filter(({ needsPast }) => needsPast),
    );
    for (const { facts } of this.#sessions.unrecorded) facts.forgetFormer(from);
    await this.#records.write([...this.#sessions.unrecorded], this.#textOf(readTo));
    this.#sessions.forgetOldest(saved);
  }

  /**
   * null when the thread id is not needed, because the author is known, or useless, because it is
   * another server's.
   */
  #sessionOf(transaction: Transaction): Session | null {
    const isKnown = transaction.author !== undefined || isForeignRun(transaction.run);
    return isKnown ? null : this.#sessions.of(transaction);
  }

  /**
   * The author of each transaction. A frame may have thousands of transactions of one connection,
   * so an author that holds for all later ones is looked up once. `sessions`: by origin. Adds the
   * sessions with a transaction without an author to `missed`.
   */
  #lookUp(
    transactions: TransactionList,
    sessions: readonly (Session | null)[],
    missed: Set<Session>,
  ): readonly (Author | undefined)[] {
    /** By origin: the author of all further transactions; null for none. */
    const final: (Author | null | undefined)[] = [];
    const authors = Array<Author | undefined>(transactions.length);
    for (let i = 0; i < transactions.length; i++) {
      const origin = transactions.originOf(i);
      const known = final[origin];
      if (known !== undefined) {
        authors[i] = known ?? undefined;
        continue;
      }
      const session = sessions[origin] ?? null;
      const transaction = transactions.at(i);
      const author = this.#authorOf(transaction, session);
      authors[i] = author;
      if (session === null) final[origin] = author ?? null;
      else if (author === undefined) missed.add(session);
      // The server itself is the author of single statements only.
      else if (
        author !== SERVER &&
        session.facts.isFinal(this.#textOf(writingOf(transaction)), transaction.tag !== undefined)
      )
        final[origin] = author;
    }
    return authors;
  }

  #doubt(session: Session, transaction: Transaction): void {
    const { hasTags } = session.facts;
    this.#doubts.ask(session, hasTags ? this.#textOf(writingOf(transaction)) : null);
  }

  #authorOf(transaction: Transaction, session: Session | null): Author | undefined {
    if (transaction.author !== undefined) return transaction.author ?? undefined;
    const tagged = taggedUser(transaction);
    if (tagged !== null) {
      const position = this.#textOf(writingOf(transaction));
      const account =
        session === null ? { user: tagged, host: "" } : session.facts.accountOf(tagged, position);
      if (account === undefined) {
        this.#options.onDisagreement(transaction);
        if (session !== null) session.isMissed = true;
      }
      return account === undefined ? undefined : { ...account, attribution: "tag" };
    }
    if (session === null) return undefined;
    const { facts, connection } = session;
    const changesBefore = facts.silentChanges;
    const position = this.#textOf(writingOf(transaction));
    const author =
      facts.authorOf(position) ??
      (facts.isReset(position) || facts.isDoubted
        ? session.provenAuthor(writingOf(transaction))
        : undefined);
    if (facts.silentChanges > changesBefore) this.#options.onUserChanged(connection.thread);
    if (author === undefined && transaction.isGenerated === true) return SERVER;
    if (author === undefined) session.isMissed = true;
    this.#sessions.note(session);
    return author;
  }

  #textOf({ fileNumber, offset }: BinlogPosition): PositionText {
    return formatPosition({ epoch: this.#options.epoch, file: fileNumber, offset, row: 0 });
  }
}

function see(session: Session, { prepared, fileNumber, start }: Transaction): void {
  if (prepared === undefined) session.sees(fileNumber, start);
  else session.sees(prepared.fileNumber, prepared.offset);
}

/** The user in a transaction's GTID tag; null when there is none. */
function taggedUser({ tag }: Transaction): string | null {
  return tag === undefined ? null : userOf(tag);
}
