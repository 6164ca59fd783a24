import { ModelApplication, type ModelStore } from "./model-application.ts";
import { isOfNobody, ModelFunctions, type FunctionMistake } from "./model-functions.ts";
import { isOfSnapshot, ModelReader, type ReaderMistake, type ReaderTable } from "./model-reader.ts";
import { lastNumber, ModelServer, type ModelRow, type ServerData } from "./model-server.ts";

/**
 * `client-by-position`: the application drops changes before the position that its group reached.
 */
export type Mistake = ReaderMistake | FunctionMistake | "client-by-position";

/**
 * `calm`: nothing happens that may stop the reader, or repeat, reorder or lose changes; there are
 * commits, restarts of reader and server, other lanes and tables, a queue in trouble. `moving`:
 * replicas take over and operators choose the place; nothing of it may stop the reader or lose
 * changes. `wild`: everything that can happen to coordinates, tables and messages.
 */
export type Weather = "calm" | "moving" | "wild";

/** Each step takes a second of this clock. */
export interface ModelClock {
  ms: number;
}

const SECOND_MS = 1000;
const STORES = ["memory", "shared", "transactional"] as const;
/** The tables that are always followed; AT_TIMES is followed at times. */
const ALWAYS = ["orders", "items", "users", "notes"];
const AT_TIMES = "clicks";

/**
 * Lives of a server's coordinates, of readers, frames, lanes and an application. It runs random
 * sequences of events on the real code that decides where reading continues, which lanes are used,
 * whether a frame is new, and whether a message was handled.
 */
export class LivesModel {
  readonly #random: () => number;
  readonly #clock: ModelClock;
  readonly #weather: Weather;
  readonly #server = new ModelServer();
  readonly #application: ModelApplication;
  readonly #functions: ModelFunctions;
  readonly #reader: ModelReader;
  #backup: ReaderTable | null = null;
  #database: ServerData | null = null;
  #rows = 0;
  #lanes = 1;
  #isNarrow = false;

  /** `clock`: the time that `Date.now()` returns. */
  constructor(random: () => number, clock: ModelClock, weather: Weather, mistake: Mistake | null) {
    this.#random = random;
    this.#clock = clock;
    this.#weather = weather;
    const store: ModelStore = STORES[Math.floor(random() * STORES.length)] ?? "memory";
    this.#application = new ModelApplication(store, mistake === "client-by-position");
    this.#functions = new ModelFunctions((message) => this.#application.send(message), mistake);
    this.#reader = new ModelReader(
      this.#server,
      (frame) => this.#functions.raw.push(frame),
      mistake,
    );
  }

  async run(steps: number): Promise<void> {
    const acts = {
      calm: () => this.#calm(),
      moving: () => this.#moving(),
      wild: () => [...this.#calm(), ...this.#wild()],
    }[this.#weather]();
    for (let step = 0; step < steps; step++) {
      this.#clock.ms += SECOND_MS;
      await this.#one(acts)();
    }
  }

  /** What is wrong at rest; null: nothing, or the missing changes are known to be missing. */
  async verdict(): Promise<string | null> {
    await this.#settle();
    const { handled } = this.#application;
    const {
      misattributed,
      table: { stop },
    } = this.#reader;
    if (misattributed !== null) return `attributed: ${misattributed}`;
    if (stop !== null && this.#weather !== "wild") return `stopped: ${stop}`;
    if (this.#functions.isHeld)
      return "held: behind parked changes of a connection without an author";
    this.#functions.isAnswered = true;
    await this.#deliverAll();
    if (this.#weather === "calm") {
      const disorder = disorderIn(
        handled.filter((row) => !isOfNobody(row) && !isOfSnapshot(row)),
        this.#server.committed,
      );
      if (disorder !== null) return disorder;
    }
    if (this.#functions.isGap && this.#weather !== "wild") return "held: behind a gap";
    if (stop !== null || this.#functions.isGap) return null;
    const known = new Set([...handled.map(({ id }) => id), ...this.#reader.passedOver]);
    for (const { changes } of this.#functions.dead) for (const { id } of changes) known.add(id);
    const ended = this.#server.data.log.filter(
      ({ kind, xid }) => kind !== "prepare" || !this.#server.data.prepared.has(xid),
    );
    const wanted = new Map(this.#reader.sent);
    for (const { kind, rows } of ended)
      if (kind !== "prepare") for (const { id, table } of rows) wanted.set(id, table);
    // A row of AT_TIMES is not promised: the table may not have been followed when it was read.
    const lost = [...wanted].filter(([id, table]) => table !== AT_TIMES && !known.has(id));
    return lost.length === 0 ? null : `lost: ${lost.map(([id]) => id).join()}`;
  }

  #calm(): readonly (() => Promise<void> | void)[] {
    return [
      () => this.#server.commit(this.#newRows()),
      () => this.#server.commit(this.#newRows()),
      () => this.#server.commitLarge(this.#newRows()),
      () => this.#server.restart(),
      () => this.#read(this.#random() < 0.3),
      () => this.#read(false),
      () =>
        this.#functions.route(Math.floor(this.#random() * 3), 1 + Math.floor(this.#random() * 3)),
      () => this.#functions.routeAll(),
      () => this.#functions.retry(),
      () => this.#application.receive(false),
      () => this.#application.receive(false),
      () => void (this.#lanes = 1 + Math.floor(this.#random() * 3)),
      () => void (this.#isNarrow = !this.#isNarrow),
      () => void (this.#functions.isQueueUp = !this.#functions.isQueueUp),
      () => this.#server.rotate(),
      () => this.#server.prepareXa(this.#newRows()),
      () => this.#server.commitXa(),
      () => this.#server.switchGtids(),
    ];
  }

  #moving(): readonly (() => Promise<void> | void)[] {
    return [
      () => this.#server.commit(this.#newRows()),
      () => this.#server.commit(this.#newRows()),
      () => this.#server.rotate(),
      () => this.#server.restart(),
      () => this.#read(this.#random() < 0.3),
      () => this.#functions.routeAll(),
      () => this.#application.receive(false),
      () => this.#failOverWithProof(),
      () => this.#beginAnewHere(),
    ];
  }

  /** An operator orders a start at the file and offset up to which the present server was read. */
  async #beginAnewHere(): Promise<void> {
    await this.#read(false);
    this.#reader.beginAnew("here");
    await this.#read(false);
  }

  #wild(): readonly (() => Promise<void> | void)[] {
    return [
      () => this.#server.reset(),
      () => this.#server.move(),
      () => this.#restore(),
      () => this.#server.failOver(),
      () => this.#reader.beginAnew(this.#one(["now", "oldest", "here"])),
      () => this.#emptyTable(),
      () => this.#restoreTable(),
      () => this.#restoreBoth(),
      () => this.#functions.giveUp(),
      () => this.#functions.redrive(),
      () => this.#application.receive(true),
      () => void (this.#application.isStoreAway = !this.#application.isStoreAway),
      () => this.#application.redrive(),
    ];
  }

  #read(isKilled: boolean): Promise<void> {
    return this.#reader.read({
      killedAfter: isKilled ? this.#random() : null,
      lanes: this.#lanes,
      followed: new Set(this.#isNarrow ? ALWAYS : [...ALWAYS, AT_TIMES]),
      progress: this.#functions.progress(),
    });
  }

  /**
   * Restores a copy of the server, but none from between the last save and a kill of the reader:
   * later transactions would have positions that others had, which were sent in the same life.
   */
  #restore(): void {
    const { saved } = this.#reader.table;
    this.#server.restore(
      ({ executed }) => !this.#reader.isUnsaved || executed < lastNumber(saved?.gtidSet ?? ""),
    );
  }

  /**
   * A failover after the reader has read a transaction. Before that, nothing proves that the other
   * server has the same history.
   */
  #failOverWithProof(): void {
    const { saved } = this.#reader.table;
    if ((saved?.anchor?.gtid ?? null) !== null) this.#server.failOver();
  }

  /** Replaces the offsets table by an empty one, which will draw epochs that were used before. */
  #emptyTable(): void {
    this.#reader.replaceTable();
    this.#functions.forgetLanes();
  }

  /** The first call makes a backup of the offsets table; later ones restore it. */
  #restoreTable(): void {
    if (this.#backup === null) {
      this.#backup = this.#reader.table;
      this.#functions.backUp();
      return;
    }
    this.#reader.replaceTable(this.#backup);
    this.#functions.restoreLanes();
  }

  /** A disaster: restores the database and the offsets table from backups of the same time. */
  #restoreBoth(): void {
    if (this.#database === null) {
      this.#backup = null;
      this.#restoreTable();
      this.#database = this.#server.data;
      return;
    }
    this.#restoreTable();
    this.#server.putBack(this.#database);
  }

  #newRows(): ModelRow[] {
    return Array.from({ length: 1 + Math.floor(this.#random() * 4) }, () => ({
      table: this.#one([...ALWAYS, AT_TIMES]),
      id: ++this.#rows,
    }));
  }

  async #settle(): Promise<void> {
    this.#functions.isQueueUp = true;
    this.#application.isStoreAway = false;
    await this.#read(false);
    await this.#deliverAll();
  }

  async #deliverAll(): Promise<void> {
    for (let round = 0; round < 3; round++) {
      await this.#functions.routeAll();
      await this.#functions.retry();
    }
    while (!this.#application.isIdle) {
      await this.#application.receive(false);
      this.#application.redrive();
    }
  }

  #one<Item>(items: readonly Item[]): Item {
    const item = items[Math.floor(this.#random() * items.length)];
    if (item === undefined) throw new RangeError("no items");
    return item;
  }
}

/** A change handled twice, or before an earlier commit in its table; null: there is none. */
function disorderIn(handled: readonly ModelRow[], committed: readonly number[]): string | null {
  const places = new Map(committed.map((id, place) => [id, place]));
  const latest = new Map<string, number>();
  const seen = new Set<number>();
  for (const { id, table } of handled) {
    if (seen.has(id)) return `delivered twice: ${id}`;
    seen.add(id);
    const place = places.get(id) ?? -1;
    if (place < (latest.get(table) ?? -1)) return `out of order: ${id}`;
    latest.set(table, place);
  }
  return null;
}
