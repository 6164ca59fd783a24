import fc from "fast-check";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { FrameTransactions } from "../../../../reader/frames/frame-transactions.ts";
import type { Census } from "../../../../reader/sessions/process-list.ts";
import { SessionBook, type SessionBookOptions } from "../../../../reader/sessions/session-book.ts";
import type { BinlogPosition } from "../../../../reader/transactions/binlog-position.ts";
import { type Transaction, writingOf } from "../../../../reader/transactions/transaction.ts";
import { listOf } from "../../../../reader/transactions/transaction-list.ts";
import {
  authorAt,
  type Author,
  type Connection,
  connectionName,
  type SessionEntry,
} from "../../../../wire/session.ts";
import type { KnownSession } from "../../../../wire/session-items.ts";
import { formatPosition, withoutEpoch } from "../../../../wire/position.ts";

const SERVER = "server";

/** The entries of the sessions table, by connection. */
let recorded: Map<string, readonly SessionEntry[]>;
/** The users in the process list, by thread. */
let connected: Map<number, string>;
let binlogEnd: number;
/** What the next question to the sessions table waits for. */
let finding: Promise<void> | null;
/** What the next write to the sessions table waits for. */
let recording: Promise<void> | null;
let writes: number;
let questions: number[][];
/** Whether run 1 counts as the server's present run, which the process list shows. */
let isNear: boolean;
/** The threads of transactions whose tag and ledger disagree. */
let disagreements: number[];
/** The user who is proven to use a thread, and the offset from which that holds. */
let proven: Map<number, { readonly user: string; readonly since: number }>;
let book: SessionBook;

beforeEach(begin);

function begin(): void {
  recorded = new Map();
  connected = new Map();
  binlogEnd = 0;
  finding = null;
  recording = null;
  writes = 0;
  questions = [];
  isNear = true;
  disagreements = [];
  proven = new Map();
  book = newBook();
}

async function write(known: readonly KnownSession[]): Promise<void> {
  writes++;
  const wait = recording;
  recording = null;
  await wait;
  for (const { connection, entries } of known) recorded.set(connectionName(connection), entries);
}

function newBook(options: Pick<SessionBookOptions, "forgetting"> = {}): SessionBook {
  return new SessionBook({
    ...options,
    epoch: 1,
    server: SERVER,
    isOfThisRun: ({ run }) => run === 1 && isNear,
    presentRun: () => 1,
    table: {
      find: async (connections) => {
        const wait = finding;
        finding = null;
        await wait;
        return connections.map((one) => recorded.get(connectionName(one)) ?? []);
      },
      record: write,
      recordSurely: write,
      refresh: () => Promise.resolve(),
    },
    ask: (threads) => {
      questions.push([...threads]);
      const connections = listed().filter(({ thread }) => threads.includes(thread));
      const end = { fileNumber: 1, offset: binlogEnd };
      return Promise.resolve({ connections, begin: end, end });
    },
    prove: (threads) =>
      Promise.resolve(
        new Map(
          [...proven]
            .filter(([thread]) => threads.has(thread))
            .map(([thread, { user, since }]) => [
              thread,
              { user, host: "here", since: { fileNumber: 1, offset: since } },
            ]),
        ),
      ),
    isRegistering: true,
    takeCensus: (): Promise<Census> =>
      Promise.resolve({
        connections: listed(),
        alive: new Set(connected.keys()),
        begin: { fileNumber: 1, offset: binlogEnd },
        end: { fileNumber: 1, offset: binlogEnd },
      }),
    onUserChanged: () => undefined,
    onDisagreement: ({ thread }) => disagreements.push(thread),
  });
}

function listed(): Census["connections"] {
  return [...connected].map(([thread, user]) => ({ thread, user, host: "here" }));
}

/** Writes a transaction of a thread to the binlog; reading has passed it. */
function transaction(thread: number, run = 1): Transaction {
  const start = binlogEnd;
  binlogEnd += 100;
  book.read.advance(1, binlogEnd);
  const file = "mysql-bin.000001";
  return { gtid: null, file, fileNumber: 1, start, thread, run, serverId: 1, committedUs: start };
}

/** A transaction that was committed after the server's clock was set back. */
function afterSetBack(thread: number): Transaction {
  return { ...transaction(thread), committedUs: 0 };
}

async function authorOf(of: Transaction): Promise<string | null> {
  book.notice(of);
  const [author] = await book.authorsOf(listOf([of]));
  return author?.user ?? null;
}

function save(offset = binlogEnd): Promise<void> {
  return book.record({ fileNumber: 1, offset }, 1);
}

function positionOf({ fileNumber, start }: Transaction): string {
  return formatPosition({ epoch: 1, file: fileNumber, offset: start, row: 0 });
}

/** The author that the route function finds in the sessions table for a change without one. */
function inTable(of: Transaction): string | null {
  return authorAt(recorded.get(name(of.thread)) ?? [], positionOf(of), withoutEpoch)?.user ?? null;
}

function tagged(thread: number, user: string, run = 1): Transaction {
  return { ...transaction(thread, run), tag: `br_${user}` };
}

const ledger = (user: string): Author => ({ user, host: "here", attribution: "ledger" });
const name = (thread: number, run = 1): string =>
  connectionName({ server: SERVER, run, thread } satisfies Connection);

describe("SessionBook", () => {
  test("a reader that records nothing keeps the connections that wrote last, and finds others in the table", async () => {
    isNear = false;
    book = newBook({ forgetting: { most: 10, recordedTo: () => book.read } });
    book.register(transaction(1), ledger("a"));
    book.register(transaction(2), ledger("b"));
    recorded.set(name(2), [{ ...ledger("b"), from: "" }]);
    for (let thread = 100; thread < 1100; thread++) {
      book.register(transaction(thread), ledger("other"));
      expect(await authorOf(transaction(1))).toBe("a");
    }
    expect(book.size).toBe(10);
    expect(await authorOf(transaction(2))).toBe("b");
  });

  test("a reader that records nothing forgets no connection that may not be recorded yet", async () => {
    isNear = false;
    let saved: BinlogPosition | null = null;
    book = newBook({ forgetting: { most: 10, recordedTo: () => saved } });
    recorded.set(name(1), [{ ...ledger("a"), from: "" }]);
    const others = (from: number) => {
      for (let thread = from; thread < from + 15; thread++)
        book.register(transaction(thread), ledger("other"));
    };
    others(100);
    saved = { fileNumber: 1, offset: binlogEnd }; // the reader is not beyond this place yet
    book.register(transaction(1), ledger("b"));
    others(200);
    expect(await authorOf(transaction(1))).toBe("b");
    expect(book.size).toBe(16);
    saved = { fileNumber: 1, offset: binlogEnd };
    others(300);
    expect(book.size).toBe(15);
  });

  test("asks once for a connection, even if there is no answer", async () => {
    expect(await authorOf(transaction(7))).toBeNull();
    expect(await authorOf(transaction(7))).toBeNull();
    expect(questions).toEqual([[7]]);
  });

  test("asks later for a connection for which it could not ask at first", async () => {
    connected.set(7, "a");
    isNear = false;
    expect(await authorOf(transaction(7))).toBeNull();
    isNear = true;
    expect(await authorOf(transaction(7))).toBe("a");
    expect(questions).toEqual([[7]]);
  });

  test("knows the author of what was written before the list was made, however far behind the reader is", async () => {
    connected.set(7, "a");
    const first = transaction(7);
    const { fileNumber, offset } = book.read;
    const later = transaction(7);
    book.read.advance(fileNumber, offset);
    book.notice(first);
    await book.authorsOf(listOf([first]));
    const between = transaction(7);
    connected.set(7, "b");
    await book.sweep();
    expect(await authorOf(later)).toBe("a");
    expect(await authorOf(between)).toBeNull();
    expect(await authorOf(transaction(7))).toBe("b");
  });

  test("applies answers in the order of the questions, even if one waits for the recorded sessions", async () => {
    connected.set(7, "a");
    const slow = Promise.withResolvers<void>();
    finding = slow.promise;
    const sweeping = book.sweep();
    // The first answer waits for the sessions table.
    await vi.waitFor(() => expect(finding).toBeNull());
    connected.set(7, "b");
    const byB = transaction(7);
    book.notice(byB);
    await new Promise(setImmediate);
    slow.resolve();
    await sweeping;
    await book.authorsOf(listOf([byB]));
    expect(await authorOf(transaction(7))).toBe("b");
  });

  // After RESET BINARY LOGS AND GTIDS, the list's coordinates are not those of the changes read.
  test("rejects a process list when the binlog ends before what was read", async () => {
    connected.set(7, "a");
    const byA = transaction(7);
    book.notice(byA);
    await book.authorsOf(listOf([byA]));
    const buffered = transaction(7);
    connected.set(7, "b");
    binlogEnd = 50;
    await expect(book.sweep()).rejects.toThrow("the binlog ends at");
    book.register(transaction(9), ledger("c"));
    binlogEnd = 50;
    await expect(save(50)).rejects.toThrow("the binlog ends at");
    expect(await authorOf(buffered)).toBe("a");
    book.notice(transaction(8));
    binlogEnd = 50;
    const [unasked] = [transaction(10)];
    binlogEnd = 50;
    book.notice(unasked);
    await expect(book.authorsOf(listOf([unasked]))).rejects.toThrow("the binlog ends at");
  });

  test("does not ask the process list for a thread of another run, or one that the ledger knows", async () => {
    connected.set(7, "new holder of the id").set(8, "a");
    expect(await authorOf(transaction(7, -2))).toBeNull();
    book.register(transaction(8), ledger("a"));
    expect(await authorOf(transaction(8))).toBe("a");
    expect(questions.flat()).toEqual([]);
  });

  test("records a connection's account before the offset passes it, so that the next reader knows it", async () => {
    connected.set(8, "a");
    book.register(transaction(8), ledger("a"));
    await save();
    connected.delete(8);
    const later = transaction(8);
    book = newBook();
    expect(await authorOf(later)).toBe("a");
  });

  test("records a registration after an offset that a prepared XA transaction holds back", async () => {
    connected.set(8, "a");
    const held = { fileNumber: 1, offset: binlogEnd };
    transaction(7);
    book.register(transaction(8), ledger("a"));
    await book.record(held, 1, { fileNumber: 1, offset: binlogEnd });
    connected.delete(8);
    const later = transaction(8);
    book = newBook();
    expect(await authorOf(later)).toBe("a");
  });

  test("prefers a recorded account to the one that the process list shows now", async () => {
    connected.set(8, "b");
    book.register(transaction(8), ledger("a"));
    const byA = transaction(8);
    book.register(transaction(8), ledger("b"));
    await save();
    const sent = binlogEnd;
    book = newBook(); // resumes from an offset before these transactions
    book.read.advance(1, sent);
    await book.sweep();
    expect(await authorOf(byA)).toBe("a");
    expect(await authorOf(transaction(8))).toBe("b");
  });

  test("forgets a closed connection when all its changes are acknowledged", async () => {
    book.register(transaction(8), ledger("a"));
    expect(await authorOf(transaction(8))).toBe("a");
    await save();
    expect(recorded.size).toBe(0);
    expect(book.size).toBe(0);
  });

  test("keeps a closed connection while one of its changes is after the offset", async () => {
    book.register(transaction(8), ledger("a"));
    const offset = binlogEnd;
    book.notice(transaction(8));
    await save(offset);
    expect(recorded.has(name(8))).toBe(true);
  });

  test("keeps a closed connection while an XA transaction that it prepared holds the offset", async () => {
    book.register(transaction(8), ledger("a"));
    const prepared = transaction(8);
    book.notice(prepared);
    transaction(9);
    await save(prepared.start);
    expect(recorded.has(name(8))).toBe(true);
    const commit = transaction(9);
    const committed = {
      ...commit,
      thread: 8,
      prepared: { fileNumber: 1, offset: prepared.start, us: prepared.committedUs },
    };
    book.register(transaction(8), ledger("another user of the same connection"));
    expect(await authorOf(committed)).toBe("a");
  });

  test("records an account that it learns after a change was sent without an author", async () => {
    expect(await authorOf(transaction(7))).toBeNull();
    await save();
    connected.set(7, "a");
    await book.sweep();
    expect(recorded.get(name(7))).toMatchObject([{ from: "", user: "a", attribution: "sweep" }]);
  });

  test("keeps all connections while it is behind the process list", { timeout: 5000 }, async () => {
    book.register(transaction(8), ledger("a"));
    const offset = binlogEnd;
    binlogEnd += 1_000_000;
    await save(offset);
    expect(recorded.has(name(8))).toBe(true);
  });
});

describe("a change without an author", () => {
  test("finds no former user in the sessions table", async () => {
    connected.set(7, "a");
    expect(await authorOf(transaction(7))).toBe("a");
    await save();
    const byB = transaction(7);
    connected.set(7, "b");
    await book.sweep();
    expect(await authorOf(byB)).toBeNull();
    expect(inTable(byB)).toBeNull();
    const byC = transaction(7);
    connected.set(7, "c");
    await book.sweep();
    expect(await authorOf(byC)).toBeNull();
    expect(inTable(byC)).toBeNull();
  });

  test("is sent after what is known of its connection is recorded, behind older writes", async () => {
    connected.set(7, "a");
    expect(await authorOf(transaction(7))).toBe("a");
    const slow = Promise.withResolvers<void>();
    recording = slow.promise;
    const saving = save();
    await vi.waitFor(() => expect(recording).toBeNull());
    const byB = transaction(7);
    connected.set(7, "b");
    await book.sweep();
    let isSent = false;
    const sending = authorOf(byB).then(() => (isSent = true));
    for (let turns = 0; turns < 20; turns++) await new Promise(setImmediate);
    expect(isSent).toBe(false);
    slow.resolve();
    await Promise.all([saving, sending]);
    expect(inTable(byB)).toBeNull();
  });

  test("costs no write when nothing is known of its connection, or it is recorded", async () => {
    for (let thread = 100; thread < 200; thread++)
      expect(await authorOf(transaction(thread))).toBeNull();
    expect(writes).toBe(0);
    connected.set(7, "a");
    expect(await authorOf(transaction(7))).toBe("a");
    const [one, another] = [transaction(7), transaction(7)];
    connected.set(7, "b");
    await book.sweep();
    expect(await authorOf(one)).toBeNull();
    const before = writes;
    expect(await authorOf(another)).toBeNull();
    expect(writes).toBe(before);
  });

  test.each([true, false])(
    "keeps no author when a later change was asked for first and the reader restarts, saved: %s",
    { timeout: 30_000 },
    async (isSaved) => {
      connected.set(7, "a");
      expect(await authorOf(transaction(7))).toBe("a");
      await save();
      const offset = binlogEnd;
      const [slow, byB] = [transaction(7), transaction(7)];
      connected.set(7, "b");
      await book.sweep();
      if (isSaved) await save(offset);
      else expect(await authorOf(byB)).toBeNull();
      await save(offset);
      expect(inTable(slow)).toBeNull();
      connected.delete(7);
      book = newBook();
      expect(await authorOf(slow)).toBeNull();
      expect(inTable(slow)).toBeNull();
    },
  );

  test("has none in what an earlier release recorded of its connection", async () => {
    const [byA, slow, byB] = [transaction(7), transaction(7), transaction(7)];
    recorded.set(name(7), [
      { from: "", user: "a", host: "here", attribution: "sweep" },
      { from: positionOf(byB), user: "", host: "", attribution: "sweep" },
    ]);
    expect(await authorOf(slow)).toBeNull();
    expect(await authorOf(byA)).toBeNull();
    expect(inTable(slow)).toBeNull();
  });

  test("ends the former user's entry in the table where the next one's is not recorded", async () => {
    book.register(transaction(8), ledger("a"));
    const offset = binlogEnd;
    connected.set(8, "b");
    await book.sweep();
    const byB = transaction(8);
    expect(await authorOf(byB)).toBe("b");
    await save(offset);
    expect(inTable(byB)).toBeNull();
  });
});

describe("on a server whose clock is set back", () => {
  test("a connection that was seen with another user belongs to that user", async () => {
    connected.set(8, "a");
    book.register(transaction(8), ledger("a"));
    await book.sweep();
    connected.set(8, "b");
    await book.sweep();
    expect(await authorOf(afterSetBack(8))).toBe("b");
  });

  test("a change between the sightings of two users has no author", async () => {
    connected.set(8, "a");
    expect(await authorOf(transaction(8))).toBe("a");
    await book.sweep();
    const between = afterSetBack(8);
    connected.set(8, "b");
    await book.sweep();
    expect(await authorOf(between)).toBeNull();
    expect(await authorOf(afterSetBack(8))).toBe("b");
  });

  test("a row of the ledger is newer than an earlier sighting", async () => {
    connected.set(8, "a");
    book.register(transaction(8), ledger("a"));
    await book.sweep();
    book.register(afterSetBack(8), ledger("b"));
    expect(await authorOf(afterSetBack(8))).toBe("b");
  });
});

describe("a transaction whose GTID has a tag", () => {
  test("belongs to the tag's user, whatever its server, run and thread, without a lookup", async () => {
    connected.set(7, "b");
    expect(await authorOf(tagged(7, "a"))).toBe("a");
    expect(await authorOf(tagged(7, "a", -2))).toBe("a");
    expect(await authorOf(tagged(7, "c", -2))).toBe("c");
    expect(questions).toEqual([]);
    expect(disagreements).toEqual([]);
  });

  test("is attributed without its tag when binlog-router did not set the tag", async () => {
    connected.set(7, "b");
    expect(await authorOf({ ...transaction(7), tag: "mysqlsh" })).toBe("b");
  });

  test("has the host of the ledger's row, also for the next reader", async () => {
    connected.set(8, "a");
    book.register(tagged(8, "a"), ledger("a"));
    const [author] = await book.authorsOf(listOf([tagged(8, "a")]));
    expect(author).toEqual({ user: "a", host: "here", attribution: "tag" });
    await save();
    book = newBook();
    expect(await authorOf(tagged(8, "a"))).toBe("a");
    await save();
    expect(await book.authorsOf(listOf([tagged(8, "a")]))).toEqual([author]);
    expect(recorded.get(name(8))).toHaveLength(1);
  });

  test("keeps what an earlier reader recorded of its connection", { timeout: 5000 }, async () => {
    connected.set(8, "a");
    book.register(tagged(8, "a"), ledger("a"));
    await save();
    connected.delete(8);
    book = newBook();
    expect(await authorOf(tagged(8, "a"))).toBe("a");
    const offset = binlogEnd;
    binlogEnd += 1_000_000; // too far behind to know who is gone
    await save(offset);
    const account = { user: "a", host: "here" };
    expect(recorded.get(name(8))).toMatchObject([{ tagged: account }]);
  });

  test("has no known author when the ledger names another user", async () => {
    book.register(tagged(8, "a"), ledger("a"));
    expect(await authorOf(tagged(8, "b"))).toBeNull();
    expect(disagreements).toEqual([8]);
    expect(await authorOf(tagged(8, "a"))).toBe("a");
    book.register(tagged(8, "b"), ledger("b"));
    expect(await authorOf(tagged(8, "b"))).toBe("b");
    book.register(transaction(9), ledger("a"));
    expect(await authorOf(tagged(9, "b"))).toBeNull();
    expect(await authorOf(transaction(9))).toBeNull();
    expect(disagreements).toEqual([8, 9]);
  });

  test.each([true, false])(
    "makes the author of the connection's later untagged transactions unknown, ledger: %s",
    async (hasLedger) => {
      connected.set(8, "a");
      if (hasLedger) book.register(tagged(8, "a"), ledger("a"));
      expect(await authorOf(tagged(8, "a"))).toBe("a");
      await book.sweep();
      connected.set(8, "b");
      await book.sweep();
      transaction(9); // moves the end of the binlog past the last look at the process list
      expect(await authorOf(transaction(8))).toBeNull();
      await save();
      book = newBook();
      expect(await authorOf(transaction(8))).toBeNull();
      book.register(transaction(8), ledger("a long name without a tag"));
      expect(await authorOf(transaction(8))).toBe("a long name without a tag");
    },
  );

  test("may be followed by transactions of a reset session, which have an author when their user is proven", async () => {
    book.register(tagged(8, "a"), ledger("a"));
    const early = transaction(8);
    proven.set(8, { user: "b", since: binlogEnd });
    const reset = transaction(8);
    book.notice(early);
    book.notice(reset);
    const unread = { ...reset, start: binlogEnd + 1 };
    expect(await book.authorsOf(listOf([early, reset, unread]))).toEqual([
      undefined,
      { user: "b", host: "here", attribution: "first-sight" },
      undefined,
    ]);
    expect(await authorOf(tagged(8, "a"))).toBe("a");
    await save();
    book = newBook();
    expect(await authorOf(transaction(8))).toBe("b");
    isNear = false; // now an earlier run: the server cannot prove its users
    expect(await authorOf(transaction(8))).toBeNull();
  });

  test("does not change the author of the connection's earlier transactions", async () => {
    book.register(transaction(8), ledger("a"));
    const before = transaction(8);
    const after = tagged(8, "a");
    expect(await authorOf(after)).toBe("a");
    expect(await authorOf(before)).toBe("a");
    expect(await authorOf(transaction(8))).toBeNull();
  });
});

/** An act of thread 7 or 8 in the test below. */
interface Step {
  readonly act: string;
  readonly thread: number;
  readonly user: string;
}

function does(act: string, user = "a"): Step {
  return { act, thread: 7, user };
}

/** Makes a book that learns of these acts; returns the transactions to ask about. */
async function performed(steps: readonly Step[]): Promise<Transaction[]> {
  begin();
  const written: Transaction[] = [];
  for (const { act, thread, user } of steps) {
    if (act === "see") {
      connected.set(thread, user);
      await book.sweep();
      continue;
    }
    const untagged = {
      ...transaction(thread),
      ...(act === "generated" && { isGenerated: true as const }),
    };
    const present = act === "tag" ? tagged(thread, user) : untagged;
    const [first] = written;
    const isPrepared = act === "row of a prepare" && first !== undefined;
    const next = isPrepared ? { ...present, prepared: writingOf(first) } : present;
    if (act === "row" || isPrepared) book.register(next, ledger(user));
    else book.notice(next);
    written.push(next);
  }
  return written;
}

describe("the authors of many transactions together", () => {
  const thread = fc.constantFrom(7, 8);
  const user = fc.constantFrom("a", "b");
  const changing = ["write", "write", "write", "generated"];
  const step = fc.record({
    act: fc.constantFrom(...changing, "tag", "row", "row of a prepare", "see"),
    thread,
    user,
  });

  test("are those that it finds one by one", { timeout: 30_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), fc.boolean(), async (steps, turned) => {
        const asked = async (): Promise<Transaction[]> => {
          const written = await performed(steps);
          return turned ? written.toReversed() : written;
        };
        const all = await asked();
        const frame = new FrameTransactions();
        for (const one of all) frame.push(one);
        const together = await book.authorsOf(turned ? listOf(all) : frame);
        const single: (Author | undefined)[] = [];
        for (const one of await asked()) single.push(...(await book.authorsOf(listOf([one]))));
        expect(together).toEqual(single);
      }),
      {
        numRuns: 150,
        examples: [
          [[does("row", "a"), does("write"), does("see", "b"), does("write")], false],
          [[does("tag", "a"), does("write"), does("tag", "a"), does("tag", "b")], false],
          [[does("generated"), does("write")], false],
        ],
      },
    );
  });
});
