import type { BinlogEvidence } from "../../../reader/offsets/evidence.ts";
import { DUMP_LIMIT } from "../../../reader/source/binlog-dump.ts";
import type { ServerState } from "../../../reader/source/server-state.ts";
import type { Anchor } from "../../../reader/transactions/transaction.ts";

export interface ModelRow {
  readonly table: string;
  /** Unique among all rows. */
  readonly id: number;
}

/** A transaction in the binlog, or the prepare or commit of an XA transaction. */
export interface Logged {
  readonly kind: "rows" | "prepare" | "commit";
  /** The number of its GTID; null: it was committed without a GTID. */
  readonly number: number | null;
  /** The commit time, which also identifies the transaction. */
  readonly us: number;
  readonly file: number;
  readonly at: number;
  /** Bytes. */
  readonly size: number;
  readonly xid: number;
  readonly rows: readonly ModelRow[];
  readonly writer: Writer;
}

/** The connection that wrote a transaction. */
interface Writer {
  /** The server that gave the connection its thread id; null after a failover. */
  readonly server: string | null;
  readonly thread: number;
  readonly user: string;
  /** Whether the connection registers this user, in place of its former one. */
  readonly isNew: boolean;
}

/** An open connection, and where its user was registered in place of a former one. */
interface Open {
  readonly user: string;
  readonly from: Pick<Logged, "file" | "at">;
}

/** The contents of a copy of a server. */
export interface ServerData {
  readonly uuid: string;
  readonly log: readonly Logged[];
  readonly files: readonly number[];
  /** The time at which each file begins, by the file's number. */
  readonly begun: ReadonlyMap<number, number>;
  /** When the server started, seconds since 1970, by the number of the file that it began then. */
  readonly started: ReadonlyMap<number, number>;
  /** The number of the last executed GTID; all are `source:1-executed`. */
  readonly executed: number;
  readonly purged: number;
  readonly gtids: boolean;
  readonly prepared: ReadonlyMap<number, readonly ModelRow[]>;
}

const SOURCE = "3e11fa47-71ca-11e1-9e33-c80aa9429562";
const REPLICA = "5441fac8-71ca-11e1-9e33-c80aa9429562";
/** Bytes of a transaction, and of a file's beginning before the first one. */
const SIZE = 100;
const USERS = ["ada", "bob", "eve"];

/** Before all transactions. */
const BEGINNING = { file: 0, at: 0 };

/** What the reader believes without proof. */
export type Credulity = "unproven" | "same-numbers" | null;

/** A MySQL server as the reader sees it: its logs and GTIDs, and the events that affect them. */
export class ModelServer {
  data: ServerData;
  /** The ids of all rows in the order of their commits. */
  readonly committed: number[] = [];
  #copy: ServerData | null = null;
  /** The open connections of the present run, by the thread id. */
  #connections = new Map<number, Open>();
  #threads = 0;
  #connected = 0;
  #us = 1;
  #failovers = 0;
  #xid = 0;

  constructor() {
    this.data = {
      uuid: SOURCE,
      log: [],
      ...this.#newFile(),
      executed: 0,
      purged: 0,
      gtids: true,
      prepared: new Map(),
    };
  }

  commit(rows: readonly ModelRow[]): void {
    this.#append("rows", rows, 0);
  }

  /**
   * Commits a transaction of 4 GiB. Others may follow in its file: the server does not rotate at
   * once.
   */
  commitLarge(rows: readonly ModelRow[]): void {
    this.#append("rows", rows, 0, DUMP_LIMIT);
  }

  /** The open connections, as the process list has them, by the thread id. */
  get connections(): ReadonlyMap<number, Open> {
    return this.#connections;
  }

  /** A shutdown and a start: the thread ids begin again. */
  restart(): void {
    this.rotate();
    this.#start();
  }

  prepareXa(rows: readonly ModelRow[]): void {
    const xid = ++this.#xid;
    this.#append("prepare", rows, xid);
    this.data = { ...this.data, prepared: new Map(this.data.prepared).set(xid, rows) };
  }

  /** Commits the oldest prepared XA transaction. */
  commitXa(): void {
    const [oldest] = this.data.prepared;
    if (oldest === undefined) return;
    const [xid, rows] = oldest;
    const prepared = new Map(this.data.prepared);
    prepared.delete(xid);
    this.#append("commit", rows, xid);
    this.data = { ...this.data, prepared };
  }

  rotate(): void {
    const file = (this.data.files.at(-1) ?? 0) + 1;
    const begun = new Map(this.data.begun).set(file, this.#us++);
    this.data = { ...this.data, files: [...this.data.files, file], begun };
  }

  switchGtids(): void {
    this.data = { ...this.data, gtids: !this.data.gtids };
    this.rotate();
  }

  /**
   * RESET BINARY LOGS AND GTIDS. Rows in the removed logs are no longer expected. MySQL refuses it
   * while XA transactions are prepared.
   */
  reset(): void {
    if (this.data.prepared.size > 0) return;
    this.data = { ...this.data, log: [], ...this.#newFile(), executed: 0, purged: 0 };
    for (const [thread, { user }] of this.#connections)
      this.#connections.set(thread, { user, from: BEGINNING });
  }

  /** The logs begin again in another directory; the executed GTIDs are kept. */
  move(): void {
    const { executed } = this.data;
    this.data = { ...this.data, log: [], ...this.#newFile(), purged: executed };
    this.#start();
  }

  /** The first call makes a copy; later ones restore it. A server begins a file at each start. */
  restore(mayBe: (copy: { readonly executed: number }) => boolean): void {
    if (this.#copy === null) this.#copy = this.data;
    else if (mayBe(this.#copy)) this.putBack(this.#copy);
  }

  putBack(copy: ServerData): void {
    this.data = copy;
    this.restart();
  }

  /**
   * A replica with the same transactions takes over; its positions differ from all earlier ones.
   */
  failOver(): void {
    const shift = ++this.#failovers;
    const files = this.data.files.map((_, index) => index + 1);
    const ends = new Map<number, number>();
    const log = this.data.log.map((logged) => {
      const file = this.data.files.indexOf(logged.file) + 1;
      const at = ends.get(file) ?? SIZE + shift;
      ends.set(file, at + logged.size);
      return { ...logged, file, at, writer: { ...logged.writer, server: null } };
    });
    const uuid = this.data.uuid === SOURCE ? REPLICA : SOURCE;
    const begun = new Map(files.map((file) => [file, this.#us++]));
    this.data = { ...this.data, uuid, log, files, begun, started: new Map() };
    this.#start();
  }

  /** Whether an event begins at a position, or the file ends there. */
  hasPosition(file: number, offset: number): boolean {
    const inFile = this.data.log.filter((logged) => logged.file === file);
    return offset <= SIZE || inFile.some(({ at, size }) => at === offset || at + size === offset);
  }

  /** The file with which the server begins a dump behind the GTIDs up to a number. */
  dumpFile(number: number): number {
    const { files, log } = this.data;
    const isBehind = (file: number): boolean =>
      log.every((logged) => logged.file >= file || (logged.number ?? 0) <= number);
    return files.findLast(isBehind) ?? files[0] ?? 1;
  }

  get end(): { readonly file: number; readonly offset: number } {
    const { files, log } = this.data;
    const file = files.at(-1) ?? 1;
    const last = log.findLast((logged) => logged.file === file);
    return { file, offset: last === undefined ? SIZE : last.at + last.size };
  }

  state(): ServerState {
    const { uuid, files, executed, purged, gtids } = this.data;
    const { file, offset } = this.end;
    return {
      uuid,
      serverId: 1,
      version: "9.7.0",
      gtids,
      gtidExecuted: setOf(executed),
      gtidPurged: setOf(purged),
      logsReplicated: true,
      file: nameOf(file),
      offset,
      oldestFile: nameOf(files[0] ?? 1),
      fileSizes: new Map(),
      firstWrittenFile: null,
      files: files.map(nameOf),
      lowerCaseNames: false,
      retention: null,
    };
  }

  /**
   * The server's evidence. `anchor`: the saved one, which `same-numbers` takes for the found one.
   */
  evidence(credulity: Credulity, anchor: Anchor | null): BinlogEvidence {
    const { log, begun } = this.data;
    const isTrusting = credulity === "unproven";
    const isBlind = credulity === "same-numbers";
    return {
      isSubset: async (subset, set) => isTrusting || lastNumber(subset) <= lastNumber(set),
      subtract: async (set, others) =>
        isTrusting || lastNumber(set) <= lastNumber(others) ? "" : set,
      replication: async () => ({ received: "", isReceiving: false }),
      stands: async (asked) =>
        isTrusting || (asked.start < DUMP_LIMIT && this.#hasEvent(asked, isBlind)),
      find: async (gtid) => {
        const found = log.find(({ number }) => number === lastNumber(gtid));
        if (found === undefined) return null;
        const { committedUs } = anchor ?? { committedUs: 0 };
        return isBlind ? { ...anchorOf(found), committedUs } : anchorOf(found);
      },
      findBetween: () => {
        throw new Error("the model's server always has GTIDs");
      },
      beginningOf: async (file) => ({
        file,
        start: 4,
        begunS: begun.get(numberOf(file)) ?? 0,
        gtid: null,
        committedUs: 0,
      }),
      eventAt: async (file, offset) => {
        const found = log.find((logged) => nameOf(logged.file) === file && logged.at === offset);
        return found === undefined ? null : anchorOf(found);
      },
      hasAnonymous: async (file, offset) =>
        log.some(
          (logged) => logged.number === null && nameOf(logged.file) === file && logged.at >= offset,
        ),
      lastGtidIn: async (file) =>
        log.findLast((logged) => logged.number !== null && nameOf(logged.file) === file)?.at ??
        null,
      lastCommitBefore: async (file, offset) =>
        log.findLast((logged) => nameOf(logged.file) === file && logged.at < offset)?.us ?? null,
      gtidsBefore: async (file, offset) =>
        setOf(
          Math.max(
            this.data.purged,
            ...log
              .filter((logged) => isBefore(logged, numberOf(file), offset))
              .map(({ number }) => number ?? 0),
          ),
        ),
    };
  }

  #hasEvent({ file, start, begunS, committedUs }: Anchor, isBlind: boolean): boolean {
    const { log, begun } = this.data;
    return (
      (begunS !== null && begun.get(numberOf(file)) === begunS) ||
      log.some(
        (logged) =>
          nameOf(logged.file) === file &&
          logged.at === start &&
          (isBlind || logged.us === committedUs),
      )
    );
  }

  #append(kind: Logged["kind"], rows: readonly ModelRow[], xid: number, size = SIZE): void {
    const { file, offset: at } = this.end;
    const number = this.data.gtids ? this.data.executed + 1 : null;
    const writer = this.#connect({ file, at });
    const logged: Logged = { kind, number, us: this.#us++, file, at, size, xid, rows, writer };
    const executed = number ?? this.data.executed;
    if (kind !== "prepare") this.committed.push(...rows.map(({ id }) => id));
    this.data = { ...this.data, log: [...this.data.log, logged], executed };
  }

  /**
   * A new connection writes a transaction, and every second one then stays open; or an open one
   * does, every second time after it registered another user.
   */
  #connect(at: Pick<Logged, "file" | "at">): Writer {
    const server = this.data.uuid;
    const count = ++this.#connected;
    const next = USERS[count % USERS.length] ?? "";
    const [open] = this.#connections;
    if (open === undefined || count % 2 === 1) {
      const thread = ++this.#threads;
      if (count % 4 === 1) this.#connections.set(thread, { user: next, from: BEGINNING });
      return { server, thread, user: next, isNew: false };
    }
    const [thread, { user }] = open;
    if (count % 4 === 0) return { server, thread, user, isNew: false };
    this.#connections.set(thread, { user: next, from: at });
    return { server, thread, user: next, isNew: true };
  }

  /** The server starts, with the newest file. */
  #start(): void {
    this.#threads = 0;
    this.#connections = new Map();
    const started = new Map(this.data.started);
    started.set(this.data.files.at(-1) ?? 1, Math.floor(Date.now() / 1000));
    this.data = { ...this.data, started };
  }

  #newFile(): Pick<ServerData, "files" | "begun" | "started"> {
    return { files: [1], begun: new Map([[1, this.#us++]]), started: new Map() };
  }
}

export function isBefore(
  logged: Pick<Logged, "file" | "at">,
  file: number,
  offset: number,
): boolean {
  return logged.file < file || (logged.file === file && logged.at < offset);
}

export const nameOf = (file: number): string => `bin.${String(file).padStart(6, "0")}`;
export const numberOf = (name: string): number => Number(name.split(".")[1]);
export const setOf = (last: number): string => (last === 0 ? "" : `${SOURCE}:1-${last}`);
export const lastNumber = (gtids: string): number => Number(/(\d+)$/.exec(gtids)?.[1] ?? 0);

export function anchorOf({ number, us, file, at }: Logged): Anchor {
  return {
    file: nameOf(file),
    start: at,
    begunS: null,
    gtid: number === null ? null : `${SOURCE}:${number}`,
    committedUs: us,
  };
}
