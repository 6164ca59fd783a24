import { type Author, type Connection, connectionName } from "../../wire/session.ts";
import { formatPosition } from "../../wire/position.ts";
import type { Transaction } from "../transactions/transaction.ts";
import { KnownConnection } from "./known-connection.ts";
import type { Listing } from "./process-list.ts";
import type { SessionsTable } from "./sessions-table.ts";

export interface SessionBookOptions {
  readonly epoch: number;
  /** `@@server_uuid` of the server that is read. */
  readonly server: string;
  /** Whether a change's thread id can be asked of the server that is read: its own, and of its present run. */
  readonly isOfThisRun: (transaction: Transaction) => boolean;
  readonly table: SessionsTable;
  /** Asks the process list for some connections. */
  readonly ask: (threads: readonly number[]) => Promise<Listing>;
  /** Told when a live connection turns out to have changed its account. */
  readonly onUserChanged: (thread: number) => void;
}

/** How many connections are remembered; those of the process list are kept before all others. */
const CONNECTIONS_KEPT = 200_000;
const THREADS_PER_QUESTION = 1000;

/**
 * Who is behind each thread id. A change asks for its author when it arrives in the stream, so that a connection that
 * lives for a moment is asked for at once; questions that come while one is under way go together in the next.
 */
export class SessionBook {
  readonly #options: SessionBookOptions;
  readonly #known = new Map<
    string,
    { readonly connection: Connection; readonly facts: KnownConnection; recorded: number }
  >();
  /** Connections that are being asked for, or for which nobody had an answer. */
  readonly #asked = new Map<string, Promise<void>>();
  readonly #unrecorded = new Set<string>();
  #question: {
    readonly connections: Connection[];
    readonly transactions: Transaction[];
    readonly answered: Promise<void>;
  } | null = null;
  #underWay: Promise<void> = Promise.resolve();
  #run: number | null = null;

  constructor(options: SessionBookOptions) {
    this.#options = options;
  }

  /** Told of each transaction when its first change arrives; starts the search for an unknown author. */
  notice(transaction: Transaction): void {
    const connection = this.#connectionOf(transaction);
    const name = connectionName(connection);
    if (this.#known.has(name) || this.#asked.has(name)) return;
    this.#asked.set(name, this.#ask(connection, transaction));
  }

  /** Who wrote each transaction, in the stream's order; waits for questions that are under way. */
  async authorsOf(transactions: readonly Transaction[]): Promise<readonly (Author | undefined)[]> {
    for (const transaction of transactions)
      await this.#asked.get(connectionName(this.#connectionOf(transaction)));
    return transactions.map((transaction) => {
      const name = connectionName(this.#connectionOf(transaction));
      const known = this.#known.get(name);
      if (known === undefined) return undefined;
      const position = placeOf(this.#options.epoch, transaction);
      const author = known.facts.authorOf(position, transaction.committedUs);
      if (known.facts.entries.length > known.recorded) this.#unrecorded.add(name);
      return author;
    });
  }

  /** Takes a row of the ledger: from its transaction on, the connection is this author's. */
  register(transaction: Transaction, author: Author): void {
    this.#entry(this.#connectionOf(transaction)).facts.register(
      author,
      placeOf(this.#options.epoch, transaction),
    );
  }

  /** Takes an answer of the process list to the question for all connections of the run that the server is in. */
  sweep(run: number, listing: Listing): void {
    this.#run = run;
    for (const { thread, user, host } of listing.connections) {
      const connection = { server: this.#options.server, run, thread };
      const name = connectionName(connection);
      const entry = this.#entry(connection);
      // Last in the order in which connections are forgotten.
      this.#known.delete(name);
      this.#known.set(name, entry);
      if (entry.facts.sight({ user, host, attribution: "sweep" }, listing.atUs))
        this.#options.onUserChanged(thread);
    }
    this.#forget();
  }

  /** Writes down the sessions that authored changes, so that a reader after this one and the retry function find them. */
  async record(): Promise<void> {
    const names = [...this.#unrecorded];
    const records = names.flatMap((name) => {
      const known = this.#known.get(name);
      return known === undefined ? [] : [{ name, known, count: known.facts.entries.length }];
    });
    if (records.length === 0) return;
    await this.#options.table.record(
      records.map(({ known }) => ({ connection: known.connection, entries: known.facts.entries })),
    );
    for (const { name, known, count } of records) {
      known.recorded = count;
      if (known.facts.entries.length === count) this.#unrecorded.delete(name);
    }
  }

  #ask(connection: Connection, transaction: Transaction): Promise<void> {
    if (this.#question === null) {
      const question = { connections: [] as Connection[], transactions: [] as Transaction[] };
      const answered = this.#underWay
        .catch(() => undefined)
        .then(async () => {
          this.#question = null;
          await this.#answer(question.connections, question.transactions);
        });
      this.#underWay = answered;
      answered.catch(() => undefined); // told to whoever waits for the author
      this.#question = { ...question, answered };
    }
    this.#question.connections.push(connection);
    this.#question.transactions.push(transaction);
    return this.#question.answered;
  }

  async #answer(
    connections: readonly Connection[],
    transactions: readonly Transaction[],
  ): Promise<void> {
    const askable = connections.filter((_, i) => {
      const transaction = transactions[i];
      return transaction !== undefined && this.#options.isOfThisRun(transaction);
    });
    const threads = [...new Set(askable.map(({ thread }) => thread))];
    const [listings, recorded] = await Promise.all([
      Promise.all(chunked(threads).map((some) => this.#options.ask(some))),
      this.#options.table.find(connections),
    ]);
    connections.forEach((connection, i) => {
      const entries = recorded[i] ?? [];
      if (entries.length === 0) return;
      const known = this.#entry(connection);
      if (known.facts.entries.length > 0) return; // the ledger was quicker
      known.facts.entries.push(...entries);
      known.recorded = entries.length;
    });
    const asked = new Map(askable.map((connection) => [connection.thread, connection]));
    for (const { connections: found, atUs } of listings) {
      for (const { thread, user, host } of found) {
        const connection = asked.get(thread);
        if (connection === undefined) continue;
        if (this.#entry(connection).facts.sight({ user, host, attribution: "first-sight" }, atUs)) {
          this.#options.onUserChanged(thread);
        }
      }
    }
    // An answer for a connection is final, also the answer that there is none: ids are not used twice in a run.
  }

  #connectionOf({ run, thread }: Transaction): Connection {
    return { server: this.#options.server, run, thread };
  }

  #entry(connection: Connection): {
    readonly connection: Connection;
    readonly facts: KnownConnection;
    recorded: number;
  } {
    const name = connectionName(connection);
    let entry = this.#known.get(name);
    if (entry === undefined) {
      entry = { connection, facts: new KnownConnection(), recorded: 0 };
      this.#known.set(name, entry);
    }
    return entry;
  }

  #forget(): void {
    for (const [name, { connection }] of this.#known) {
      if (this.#known.size <= CONNECTIONS_KEPT) break;
      if (connection.run === this.#run && this.#unrecorded.has(name)) continue;
      this.#known.delete(name);
    }
    // Who was asked for and forgotten is asked for again, should it turn up.
    for (const name of this.#asked.keys()) {
      if (this.#asked.size <= CONNECTIONS_KEPT) break;
      this.#asked.delete(name);
    }
  }
}

/** Where a transaction stands, for comparison with the places from which an author is known. */
function placeOf(epoch: number, { fileNumber, start }: Transaction): string {
  return formatPosition({ epoch, file: fileNumber, offset: start, row: 0 });
}

function chunked(threads: readonly number[]): number[][] {
  const result: number[][] = [];
  for (let i = 0; i < threads.length; i += THREADS_PER_QUESTION)
    result.push(threads.slice(i, i + THREADS_PER_QUESTION));
  return result;
}
