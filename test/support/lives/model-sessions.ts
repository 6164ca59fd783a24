import type { Beginning } from "../../../reader/offsets/beginning.ts";
import {
  beganFile,
  runBeginning,
  runOfSecond,
  ServerRun,
} from "../../../reader/transactions/server-run.ts";
import { connectionName } from "../../../wire/session.ts";
import { isBefore, numberOf, type Logged, type ModelServer } from "./model-server.ts";

/** The number of files in which the name of a run distinguishes (see `runBeginning`). */
const FILES = 2 ** 20;

interface Entry {
  readonly user: string;
  readonly from: Pick<Logged, "file" | "at">;
}

/**
 * The sessions table, and the reader that finds in it and in the process list who wrote a
 * transaction.
 */
export class ModelSessions {
  readonly #server: ModelServer;
  readonly #isByFile: boolean;
  #unknownRuns = 0;
  /** The users of each recorded connection, by the connection's name, and from where on. */
  readonly #recorded = new Map<string, Entry[]>();
  /** A transaction that was attributed to another user than its own; null when there is none. */
  misattributed: string | null = null;

  /** `isByFile`: a run is named by the number of its first file alone. */
  constructor(server: ModelServer, isByFile: boolean) {
    this.#server = server;
    this.#isByFile = isByFile;
  }

  /**
   * Finds the authors of the transactions that are read, and records the open connections. Returns
   * the run in which the last of them was written.
   */
  attribute(due: readonly Logged[], { offset, start }: Beginning): number {
    const { uuid, started, files } = this.#server.data;
    const from = numberOf(offset.file);
    const isByGtids = start.kind === "gtid";
    const { ownRuns } = offset;
    const nameOf = (each: number): number =>
      ownRuns !== undefined && beganFile(each) <= numberOf(ownRuns.file)
        ? runOfSecond(each, ownRuns.second)
        : each;
    const run = new ServerRun({
      serverId: 1,
      serverUuid: uuid,
      run: offset.run ?? nameOf(this.#runAt(from)),
      runBeginnings: isByGtids ? new Map([...started].filter(([file]) => file > from)) : new Map(),
      nameOf,
    });
    // The present run begins with the last file that a start began.
    const presentFrom = Math.max(0, ...started.keys());
    const isAtBeginning = !isByGtids && start.offset === 4;
    let lastRun = run.present;
    for (const file of files.filter((number) => number >= from)) {
      const isRead = file > from || isAtBeginning;
      run.entersFile(file, isRead && !isByGtids ? (started.get(file) ?? 0) : 0);
      for (const logged of due) {
        if (logged.file !== file) continue;
        lastRun = run.present;
        if (logged.writer.server === uuid) this.#find(logged, run.present, file >= presentFrom);
      }
    }
    for (const [thread, open] of this.#server.connections) this.#see(run.present, thread, open);
    return lastRun;
  }

  /** The name of the run at a file, as `runsAhead` finds it. */
  #runAt(file: number): number {
    const { started } = this.#server.data;
    const began = [...started.keys()].findLast((each) => each <= file);
    return began === undefined
      ? runBeginning(++this.#unknownRuns, file)
      : runBeginning(started.get(began) ?? 0, began);
  }

  #find(logged: Logged, run: number, isPresent: boolean): void {
    const { us, writer } = logged;
    const { thread } = writer;
    if (writer.isNew) this.#record(run, thread, { user: writer.user, from: logged });
    const listed = isPresent ? this.#server.connections.get(thread) : undefined;
    // In the model, the list is asked right after the transaction.
    if (listed !== undefined && isFrom(logged, listed)) this.#see(run, thread, listed);
    const entries = this.#recorded.get(this.#nameOf(run, thread)) ?? [];
    const user = entries.findLast((entry) => isFrom(logged, entry))?.user;
    if (user === undefined) return;
    if (user !== writer.user) this.misattributed ??= `${us} to ${user} instead of ${writer.user}`;
  }

  /** Records a connection in the process list, unless something is recorded of it. */
  #see(run: number, thread: number, entry: Entry): void {
    if (!this.#recorded.has(this.#nameOf(run, thread))) this.#record(run, thread, entry);
  }

  #record(run: number, thread: number, entry: Entry): void {
    const name = this.#nameOf(run, thread);
    const others = (this.#recorded.get(name) ?? []).filter(
      ({ from: { file, at } }) => file !== entry.from.file || at !== entry.from.at,
    );
    const after = others.findIndex(({ from: { file, at } }) => isBefore(entry.from, file, at));
    this.#recorded.set(name, others.toSpliced(after === -1 ? others.length : after, 0, entry));
  }

  #nameOf(run: number, thread: number): string {
    const { uuid: server } = this.#server.data;
    return connectionName({ server, run: this.#isByFile ? run % FILES : run, thread });
  }
}

/** Whether an entry holds for a transaction. */
function isFrom(logged: Pick<Logged, "file" | "at">, { from: { file, at } }: Entry): boolean {
  return !isBefore(logged, file, at);
}
