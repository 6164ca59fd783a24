import type { Beginning } from "../../../reader/offsets/beginning.ts";
import {
  beganFile,
  runBeginning,
  runOfSecond,
  ServerRun,
} from "../../../reader/transactions/server-run.ts";
import { connectionName } from "../../../wire/session.ts";
import { numberOf, type Logged, type ModelServer } from "./model-server.ts";

/** The number of files in which the name of a run distinguishes (see `runBeginning`). */
const FILES = 2 ** 20;

/**
 * The sessions table, and the reader that finds in it and in the process list who wrote a
 * transaction.
 */
export class ModelSessions {
  readonly #server: ModelServer;
  readonly #isByFile: boolean;
  #unknownRuns = 0;
  /** The user of each recorded connection, by the connection's name. */
  readonly #recorded = new Map<string, string>();
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
    const { ownRuns, epoch } = offset;
    // In the model, several lives begin in one second.
    const nameOf = (each: number): number =>
      ownRuns !== undefined && beganFile(each) <= numberOf(ownRuns.file)
        ? runOfSecond(each, epoch)
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
    for (const [thread, user] of this.#server.connections) this.#record(run.present, thread, user);
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

  #find({ us, writer }: Logged, run: number, isPresent: boolean): void {
    const { thread } = writer;
    const listed = isPresent ? this.#server.connections.get(thread) : undefined;
    const user = this.#recorded.get(this.#nameOf(run, thread)) ?? listed;
    if (user === undefined) return;
    if (user !== writer.user) this.misattributed ??= `${us} to ${user} instead of ${writer.user}`;
    this.#record(run, thread, user);
  }

  #record(run: number, thread: number, user: string): void {
    const name = this.#nameOf(run, thread);
    if (!this.#recorded.has(name)) this.#recorded.set(name, user);
  }

  #nameOf(run: number, thread: number): string {
    const { uuid: server } = this.#server.data;
    return connectionName({ server, run: this.#isByFile ? run % FILES : run, thread });
  }
}
