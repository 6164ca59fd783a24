import { formatPosition, type PositionText } from "../../wire/position.ts";
import type { Author } from "../../wire/session.ts";
import { BinlogInterruptedError } from "../reporting/errors.ts";
import type { BinlogPosition } from "../transactions/binlog-position.ts";
import { BatchedLookups } from "./batched-lookups.ts";
import type { Census, Listing } from "./process-list.ts";
import type { ReadPosition } from "./read-position.ts";
import type { RememberedSessions } from "./remembered-sessions.ts";
import type { ResetSessions } from "./reset-sessions.ts";
import type { Session } from "./session.ts";
import { EVERYTHING, type SessionRecords } from "./session-records.ts";

/** The queries of the process list, which shows the server's present run only. */
export interface ListQueries {
  /** The server's present run; null until reading has reached it. */
  readonly presentRun: () => number | null;
  /** Queries the process list for some connections. */
  readonly ask: (threads: readonly number[]) => Promise<Listing>;
  /** Queries the process list for all connections; null when it is not available. */
  readonly takeCensus: () => Promise<Census | null>;
}

export interface SightingsOptions {
  readonly queries: ListQueries;
  readonly epoch: number;
  readonly read: ReadPosition;
  readonly sessions: RememberedSessions;
  readonly records: SessionRecords;
  readonly resets: ResetSessions;
}

interface Lookup {
  readonly session: Session;
  /** Whether the process list is valid for the session. */
  readonly isPresent: boolean;
}

const THREADS_PER_QUESTION = 1000;
/**
 * The shortest time between two queries of the process list; connections that turn up meanwhile
 * share the next one.
 */
const QUESTION_GAP_MS = 20;
/**
 * How long a save waits until reading has reached the census's position. A reader that takes longer
 * records all sessions.
 */
const CATCH_UP_MS = 250;

/**
 * Asks the process list for connections, and records which user it shows. An earlier reader's
 * records of a connection are restored before, because they come first.
 *
 * The list is asked one question at a time, and the answers are recorded in the order of the
 * questions, whichever waits longer for the sessions table. A former user that is recorded last
 * would look like the present one.
 */
export class Sightings {
  readonly #options: SightingsOptions;
  readonly #lookups: BatchedLookups<Lookup>;
  /** Fulfilled when the latest question is answered, and when its answer is recorded. */
  #latest: { readonly asked: Promise<unknown>; readonly recorded: Promise<unknown> } = {
    asked: Promise.resolve(),
    recorded: Promise.resolve(),
  };

  constructor(options: SightingsOptions) {
    this.#options = options;
    this.#lookups = new BatchedLookups(QUESTION_GAP_MS, (lookups) => this.#answer(lookups));
  }

  /**
   * Looks a session up in the sessions table and, if `isPresent`, in the process list. An answer is
   * final, even if nothing was found: thread ids are unique within a run.
   */
  lookUp(session: Session, isPresent: boolean): Promise<void> {
    return this.#lookups.ask({ session, isPresent });
  }

  /**
   * Records all connections in the process list. null when the list is not available, or reading
   * has not reached the server's present run.
   */
  async sweep(): Promise<{ readonly run: number; readonly census: Census } | null> {
    const run = this.#options.queries.presentRun();
    if (run === null) return null;
    const census = await this.#inOrder(
      () => this.#censusNow(),
      async (taken) => {
        if (taken !== null) await this.#see(run, taken);
      },
    );
    return census && { run, census };
  }

  /**
   * The census of a sweep, once reading has passed its end; null when that takes too long or there
   * is none.
   */
  async settledCensus(): Promise<Census | null> {
    const swept = await this.sweep();
    if (swept === null) return null;
    const { census } = swept;
    return (await this.#options.read.passes(census.end, CATCH_UP_MS)) ? census : null;
  }

  /** Throws BinlogInterruptedError, see `#checked`. */
  async #censusNow(): Promise<Census | null> {
    const readUpTo = this.#textOf(this.#options.read);
    const census = await this.#options.queries.takeCensus();
    return census && this.#checked(census, readUpTo);
  }

  async #see(run: number, census: Census): Promise<void> {
    const { sessions, records } = this.#options;
    const seen = census.connections.map((listed) => ({
      ...listed,
      session: sessions.of({ run, thread: listed.thread }),
    }));
    await records.restore(seen.map(({ session }) => session));
    for (const { session, user, host } of seen) {
      session.isPresent = true;
      this.#sight(session, { user, host, attribution: "sweep" }, census);
    }
  }

  async #answer(lookups: readonly Lookup[]): Promise<void> {
    const { queries, records, read, resets } = this.#options;
    const present = new Map(
      lookups
        .filter(({ isPresent }) => isPresent)
        .map(({ session }) => [session.connection.thread, session]),
    );
    const restored = records.restore(lookups.map(({ session }) => session));
    restored.catch(() => undefined); // handled when the list has answered
    await this.#inOrder(
      async () => {
        const readUpTo = this.#textOf(read);
        const parts = chunked([...present.keys()]).map((threads) => queries.ask(threads));
        return (await Promise.all(parts)).map((listing) => this.#checked(listing, readUpTo));
      },
      async (listings) => {
        await restored;
        for (const listing of listings) {
          for (const { thread, user, host } of listing.connections) {
            const session = present.get(thread);
            if (session !== undefined)
              this.#sight(session, { user, host, attribution: "first-sight" }, listing);
          }
        }
      },
    );
    // According to an earlier reader's records, these sessions were reset.
    const reset = lookups.filter(
      ({ session, isPresent }) => isPresent && session.facts.isReset(EVERYTHING),
    );
    await Promise.all(reset.map(({ session }) => resets.ask(session)));
  }

  /** Asks a question after the former one, and records its answer after the former answer. */
  async #inOrder<Answer>(
    ask: () => Promise<Answer>,
    record: (answer: Answer) => Promise<void>,
  ): Promise<Answer> {
    const former = this.#latest;
    const answer = former.asked.then(ask);
    const recorded = answer.then(async (answered) => {
      await former.recorded;
      await record(answered);
    });
    this.#latest = {
      asked: Promise.allSettled([answer]),
      recorded: Promise.allSettled([recorded]),
    };
    await recorded;
    return answer;
  }

  #sight(session: Session, author: Author, { begin, end }: Listing): void {
    session.facts.sight(author, { earliest: this.#textOf(begin), latest: this.#textOf(end) });
    this.#options.sessions.note(session);
  }

  /**
   * Throws BinlogInterruptedError where the end of the binlog is before a position that it had
   * passed. The binlog was begun anew, so the process list belongs to other coordinates than the
   * changes that are read.
   */
  #checked<L extends Listing>(listing: L, readUpTo: PositionText): L {
    const [begin, end] = [this.#textOf(listing.begin), this.#textOf(listing.end)];
    for (const [at, passed] of [
      [begin, readUpTo],
      [end, begin],
    ] as const) {
      if (at < passed)
        throw new BinlogInterruptedError(
          `the binlog ends at ${at}, before ${passed}, which the reader had passed`,
        );
    }
    return listing;
  }

  #textOf({ fileNumber, offset }: BinlogPosition): PositionText {
    return formatPosition({ epoch: this.#options.epoch, file: fileNumber, offset, row: 0 });
  }
}

function chunked(threads: readonly number[]): number[][] {
  const result: number[][] = [];
  for (let i = 0; i < threads.length; i += THREADS_PER_QUESTION)
    result.push(threads.slice(i, i + THREADS_PER_QUESTION));
  return result;
}
