import { setImmediate as turn } from "node:timers/promises";
import { SeededRandom } from "@binlog-router/local-aws/seeded-random";
import { expect, test } from "vitest";
import type { Listing } from "../../../../reader/sessions/process-list.ts";
import { SessionBook } from "../../../../reader/sessions/session-book.ts";
import { formatPosition, withoutEpoch } from "../../../../wire/position.ts";
import { authorAt, type SessionEntry } from "../../../../wire/session.ts";
import type { KnownSession } from "../../../../wire/session-items.ts";
import type { Transaction } from "../../../../reader/transactions/transaction.ts";
import { listOf } from "../../../../reader/transactions/transaction-list.ts";

// More rounds, or the same ones again:
// SIGHTINGS_ROUNDS=5000 SIGHTINGS_SEED=1 npx vitest run --project unit sightings.model
const ROUNDS = Number(process.env["SIGHTINGS_ROUNDS"] ?? 150);
const SEED = Number(process.env["SIGHTINGS_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const STEPS = 120;
const THREAD = 7;
const BYTES = 100;

console.log(`seed ${SEED}: SIGHTINGS_SEED=${SEED} draws the same rounds`);

interface Written {
  readonly transaction: Transaction;
  readonly end: number;
  readonly user: string;
}

interface Sighting {
  readonly begin: number;
  readonly user: string;
  readonly end: number;
}

/**
 * One connection, which writes and changes its user without a word once the process list has shown
 * the former one, and a reader behind it. A transaction's author is asked for when the list was
 * made behind it. So the list says whose it is, unless the transaction was written between the last
 * list with the one user and the first with the other. What has no author then has no other one in
 * the sessions table when the route function looks there, also after the reader saved its offset or
 * began again at it.
 */
class Round {
  readonly problems: string[] = [];
  known = 0;
  unknown = 0;
  readonly #random: SeededRandom;
  readonly #canRestart: boolean;
  #book: SessionBook;
  /** The entries in the sessions table. */
  #recorded: readonly SessionEntry[] = [];
  /** Sent without an author; the route function has not seen them yet. */
  #sent: Written[] = [];
  /** The number of transactions before the saved offset. */
  #saved = 0;
  #isRestarted = false;
  #user = "user0";
  #end = 0;
  /** In the order of the binlog; the first `#read` of them were read. */
  readonly #written: Written[] = [];
  #read = 0;
  #unasked: Written[] = [];
  /** Those that the book has. */
  #sightings: Sighting[] = [];
  #isSeen = false;
  #sweep: Promise<void> | null = null;

  constructor(random: SeededRandom, canRestart: boolean) {
    this.#random = random;
    this.#canRestart = canRestart;
    this.#book = this.#newBook();
  }

  #newBook(): SessionBook {
    const record = async (known: readonly KnownSession[]): Promise<void> => {
      await this.#wait(30);
      for (const { entries } of known) this.#recorded = entries;
      await this.#wait();
    };
    return new SessionBook({
      epoch: 1,
      server: "server",
      isOfThisRun: () => true,
      presentRun: () => 1,
      table: {
        find: async (connections) => {
          await this.#wait(30);
          return connections.map(() => this.#recorded);
        },
        record,
        recordSurely: record,
        refresh: () => Promise.resolve(),
      },
      ask: () => this.#list(),
      prove: () => Promise.resolve(new Map()),
      isRegistering: false,
      takeCensus: async () => ({ ...(await this.#list()), alive: null }),
      onUserChanged: () => undefined,
      onDisagreement: () => undefined,
    });
  }

  async run(changes: number): Promise<void> {
    for (let step = 0; step < STEPS; step++) {
      const draw = this.#random.below(10);
      if (draw < 4) this.#write();
      else if (draw < 6) this.#readNext();
      else if (draw === 6) this.#sweepNow();
      else if (draw === 7) await this.#askAuthor();
      else if (draw === 8 && this.#canRestart && this.#random.below(4) === 0) await this.#restart();
      else if (draw === 8 && this.#random.below(4) === 0) await this.#save();
      else if (draw === 9 && this.#random.below(2) === 0) this.#route();
      else if (draw === 8 && this.#isSeen && this.#userNumber < changes) this.#changeUser();
      else await turn();
    }
    await this.#sweep;
    while (this.#read < this.#written.length) this.#readNext();
    this.#sweepNow();
    await this.#sweep;
    while (this.#unasked.length > 0) await this.#askAuthor();
    this.#route();
  }

  /** Saves the offset before the first transaction that was not sent. */
  async #save(): Promise<void> {
    const starts = this.#unasked.map(({ transaction }) => transaction.start);
    const offset = Math.min(...starts, this.#read * BYTES);
    await this.#book.record({ fileNumber: 1, offset }, 1);
    this.#saved = offset / BYTES;
  }

  /**
   * The reader ends and begins again at the saved offset. It has recorded the first user, because
   * what was written before the first sighting belongs to whom the list shows first.
   */
  async #restart(): Promise<void> {
    await this.#sweep;
    if (this.#recorded.length === 0) return;
    this.#book = this.#newBook();
    this.#book.read.advance(1, this.#saved * BYTES);
    this.#read = this.#saved;
    this.#unasked = [];
    this.#sightings = [];
    this.#isRestarted = true;
  }

  /** The route function looks up what was sent without an author. */
  #route(): void {
    for (const { transaction, user } of this.#sent.splice(0)) {
      const { fileNumber: file, start: offset } = transaction;
      const position = formatPosition({ epoch: 1, file, offset, row: 0 });
      const author = authorAt(this.#recorded, position, withoutEpoch);
      if (author !== undefined && author.user !== user)
        this.problems.push(`${offset} of ${user} was routed as ${author.user}'s`);
    }
  }

  get #userNumber(): number {
    return Number(this.#user.slice("user".length));
  }

  #changeUser(): void {
    this.#user = `user${this.#userNumber + 1}`;
    this.#isSeen = false;
  }

  #write(): void {
    const start = this.#end;
    this.#end += BYTES;
    const place = { file: "mysql-bin.000001", fileNumber: 1, start };
    const transaction = {
      ...place,
      gtid: null,
      thread: THREAD,
      run: 1,
      serverId: 1,
      committedUs: start,
    };
    this.#written.push({ transaction, end: this.#end, user: this.#user });
  }

  #readNext(): void {
    const next = this.#written[this.#read];
    if (next === undefined) return;
    this.#read++;
    this.#book.read.advance(1, next.end);
    this.#book.notice(next.transaction);
    this.#unasked.push(next);
  }

  #sweepNow(): void {
    this.#sweep ??= this.#book.sweep().finally(() => (this.#sweep = null));
  }

  /** The connection writes while the list is made and while its answer is under way. */
  async #list(): Promise<Listing> {
    await this.#wait();
    const begin = this.#end;
    await this.#wait();
    const user = this.#user;
    await this.#wait();
    const end = this.#end;
    this.#sightings.push({ begin, user, end });
    if (user === this.#user) this.#isSeen = true;
    return {
      connections: [{ thread: THREAD, user, host: "here" }],
      begin: { fileNumber: 1, offset: begin },
      end: { fileNumber: 1, offset: end },
    };
  }

  async #wait(most = 3): Promise<void> {
    for (let turns = this.#random.below(most + 1); turns > 0; turns--) await turn();
  }

  async #askAuthor(): Promise<void> {
    const asked = this.#random.pick(this.#unasked.length > 0 ? this.#unasked : [null]);
    if (asked === null) return;
    // The answers of all lists so far are recorded by the end of a sweep.
    await this.#sweep;
    await this.#book.sweep();
    const sightings = [...this.#sightings];
    if (!sightings.some(({ begin }) => begin >= asked.end)) return;
    this.#unasked = this.#unasked.filter((one) => one !== asked);
    const [author] = await this.#book.authorsOf(listOf([asked.transaction]));
    if (author === undefined) this.#sent.push(asked);
    this.#judge(asked, author?.user, sightings);
  }

  #judge({ transaction, user }: Written, author: string | undefined, seen: Sighting[]): void {
    const { start } = transaction;
    const ofUser = seen.filter((sighting) => sighting.user === user);
    const isFirst = user === "user0";
    const isForced =
      this.#isRestarted ||
      this.#userNumber > 1 ||
      (!isFirst && start < Math.min(...ofUser.map(({ end }) => end))) ||
      (ofUser.length < seen.length &&
        isFirst &&
        start >= Math.max(...ofUser.map(({ begin }) => begin)));
    if (author === undefined) this.unknown++;
    else this.known++;
    if (author !== undefined && author !== user)
      this.problems.push(`${start} of ${user} became ${author}'s`);
    if (author === undefined && !isForced)
      this.problems.push(`${start} of ${user} has no author, although the list names it`);
  }
}

test.for([
  ["changes its user once", 1, false],
  ["changes its user repeatedly", 9, false],
  ["changes its user once, and the reader restarts", 1, true],
  ["changes its user repeatedly, and the reader restarts", 9, true],
] as const)(
  "a change written before the list was made has its author when the connection %s",
  { timeout: 300_000 },
  async ([, changes, canRestart]) => {
    const rounds = await Promise.all(
      Array.from({ length: ROUNDS }, async (_, i) => {
        const round = new Round(new SeededRandom(SEED + i), canRestart);
        await round.run(changes);
        const { known, unknown, problems } = round;
        return { known, unknown, problems: problems.map((text) => `seed ${SEED + i}: ${text}`) };
      }),
    );
    expect(rounds.flatMap(({ problems }) => problems).slice(0, 10)).toEqual([]);
    const sum = (of: "known" | "unknown") => rounds.reduce((total, round) => total + round[of], 0);
    console.log(`${sum("known")} known, ${sum("unknown")} unknown`);
    expect(sum("known")).toBeGreaterThan(ROUNDS);
    expect(sum("unknown")).toBeGreaterThan(0);
  },
);
