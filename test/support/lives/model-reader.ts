import type { StartPoint } from "../../../config/start-point.ts";
import { laneFor } from "../../../reader/frames/shipment.ts";
import { layoutStep, settledAt, type LaneProgress } from "../../../reader/offsets/lane-layout.ts";
import { newLife, type Life } from "../../../reader/offsets/life.ts";
import { followedPositions, type Offset } from "../../../reader/offsets/offset.ts";
import { gtidModeOff, type Beginning } from "../../../reader/offsets/beginning.ts";
import { firstBeginning } from "../../../reader/offsets/first-beginning.ts";
import { ownRunsAtStart, ownRunsBehindGap } from "../../../reader/offsets/runs-at-start.ts";
import { inTable, resume } from "../../../reader/offsets/resume-offset.ts";
import { DUMP_LIMIT } from "../../../reader/source/binlog-dump.ts";
import { OperatorError } from "../../../reader/reporting/errors.ts";
import type { BinlogPosition } from "../../../reader/transactions/binlog-position.ts";
import type { Anchor, KeptXa } from "../../../reader/transactions/transaction.ts";
import { formatPosition } from "../../../wire/position.ts";
import type { ModelChange, ModelFrame } from "./model-functions.ts";
import { ModelSessions } from "./model-sessions.ts";
import {
  anchorOf,
  isBefore,
  lastNumber,
  nameOf,
  numberOf,
  setOf,
  type Logged,
  type ModelRow,
  type ModelServer,
} from "./model-server.ts";

/**
 *   unproven       the reader believes that the server is the one that it read before
 *   same-numbers   the reader compares GTIDs, but not their commit times
 *   same-epoch     a new life has the epoch of the former one, and frames do not name lives
 *   counts-wanted  a change's row number counts the rows of followed tables only
 *   lanes-at-once  another number of lanes is used at once
 *   ordered-life   an order to begin anew names the life, which begins again when the offsets table is restored
 *   believes-copies  a life continues in a restored offsets table
 *   forgets-xa     an offset does not name the prepared XA transactions that were kept
 *   runs-by-file   a server run is named by the number of the file in which it began
 *   asks-beyond    a dump is asked to begin at an offset beyond 4 GiB
 *   next-file      behind an offset beyond 4 GiB, reading continues in the next file
 *   by-gtids       an offset with a GTID set continues by it alone
 *   passes-hidden  the reader does not look for transactions that a dump by GTIDs passes over
 *   former-runs    a life behind a gap names the server's runs as the former one did
 *   file-alone     a start at a file and offset does not learn the GTIDs before it
 */
export type ReaderMistake =
  | "unproven"
  | "same-numbers"
  | "same-epoch"
  | "counts-wanted"
  | "lanes-at-once"
  | "ordered-life"
  | "believes-copies"
  | "forgets-xa"
  | "runs-by-file"
  | "asks-beyond"
  | "next-file"
  | "by-gtids"
  | "passes-hidden"
  | "former-runs"
  | "file-alone";

/** An order to begin anew, as the offsets table contains it. */
interface NewStart extends Life, Pick<Offset, "lanes" | "laneCount" | "ownRuns"> {
  readonly start: StartPoint;
  readonly lastRead: Anchor | null;
  readonly readSet: string | null;
}

/** The reader's item in the offsets table. */
export interface ReaderTable {
  readonly saved: Offset | null;
  readonly newStart: NewStart | null;
  /** Why the last reader stopped; null when it did not. */
  readonly stop: string | null;
  /** The time of the table's creation; no other table has the same. */
  readonly madeMs: number;
}

const EMPTY_TABLE: ReaderTable = { saved: null, newStart: null, stop: null, madeMs: 0 };

export interface Reading {
  /**
   * The share of the frames after which the reader is killed, before it saves the offset; or null.
   */
  readonly killedAfter: number | null;
  readonly lanes: number;
  readonly followed: ReadonlySet<string>;
  readonly progress: ReadonlyMap<number, LaneProgress>;
}

/** How many changes a frame has. */
const FRAME = 2;

/** The table of which there is a snapshot. */
const SNAPSHOT_OF = "users";

/** Whether a row is one of a snapshot. It repeats a row that is in the table already. */
export function isOfSnapshot({ id }: ModelRow): boolean {
  return id < 0;
}

/**
 * Reader processes, one after the other, with the real code that decides where and how they begin.
 */
export class ModelReader {
  table: ReaderTable = EMPTY_TABLE;
  /** Whether a reader was killed that had sent more than it had saved. */
  isUnsaved = false;
  /** For each row that was sent, its table by the row's id. */
  readonly sent = new Map<number, string>();
  /** Rows that an operator chose to skip, or for which an alarm rang. */
  readonly passedOver = new Set<number>();
  readonly #server: ModelServer;
  readonly #send: (frame: ModelFrame) => void;
  readonly #mistake: string | null;
  readonly #sessions: ModelSessions;
  #tables = 0;
  #snapshotRows = 0;
  /** The rows of kept XA transactions, which are in the payload bucket. */
  readonly #kept = new Map<string, readonly ModelRow[]>();

  constructor(server: ModelServer, send: (frame: ModelFrame) => void, mistake: string | null) {
    this.#server = server;
    this.#send = send;
    this.#mistake = mistake;
    this.#sessions = new ModelSessions(server, mistake === "runs-by-file");
  }

  /** A transaction that was attributed to another user than its own; null when there is none. */
  get misattributed(): string | null {
    return this.#sessions.misattributed;
  }

  /** Replaces the offsets table by another one. */
  replaceTable(content: ReaderTable = EMPTY_TABLE): void {
    this.table = { ...content, madeMs: ++this.#tables };
  }

  /** Does what `offsets set` does. `here`: at the saved file and offset. */
  beginAnew(kind: "now" | "oldest" | "here"): void {
    const { saved } = this.table;
    const known = saved ?? this.table.newStart;
    if (known === null) return;
    const life = newLife(known.epoch, 0);
    const { lanes, laneCount } = known;
    let start: StartPoint;
    if (kind !== "here") start = { kind };
    else if (saved === null || saved.offset >= DUMP_LIMIT) return;
    else start = { kind: "file", file: saved.file, offset: saved.offset };
    const lastRead = saved?.anchor ?? this.table.newStart?.lastRead ?? null;
    const readSet = saved?.gtidSet ?? this.table.newStart?.readSet ?? null;
    const { ownRuns } = known;
    const newStart = { ...life, start, lanes, laneCount, lastRead, readSet, ownRuns };
    this.table = { ...this.table, saved: null, newStart, stop: null };
  }

  /**
   * Runs one process, from where it continues to the end of the log. There it hands over a row of a
   * snapshot. After a kill the next process hands one over again, at another position.
   */
  async read({ killedAfter, lanes: wanted, followed, progress }: Reading): Promise<void> {
    if (this.table.stop !== null) return;
    let begin: Beginning;
    try {
      begin = await this.#begin();
      if (begin.start.kind === "file" && begin.start.offset >= DUMP_LIMIT) return;
      if (this.#mistake !== "believes-copies") begin = inTable(begin, this.table.madeMs);
      this.#refuseDump(begin);
    } catch (error) {
      if (!(error instanceof OperatorError)) throw error;
      this.table = { ...this.table, stop: error.message };
      return;
    }
    const lanes = this.#lanesFor(begin.offset, wanted, progress);
    const unsure = begin.offset.isSettled === true ? null : this.#end();
    const offset = { ...begin.offset, laneCount: lanes, isSettled: undefined };
    this.table = { ...this.table, saved: offset, newStart: null, stop: null };

    const due = this.#server.data.log.filter((logged) => isDue(logged, begin));
    const run = this.#sessions.attribute(due, begin);
    const prepared = new Map(offset.keptXa.map(({ xid, key }) => [Number(xid), key]));
    const batches = new Map<number, ModelChange[]>();
    for (const logged of due) {
      for (const change of this.#changesOf(logged, offset.epoch, followed, prepared)) {
        const lane = laneFor("shop", change.table, lanes);
        batches.set(lane, [...(batches.get(lane) ?? []), change]);
      }
    }
    const last = due.at(-1);
    if (last !== undefined) {
      const lane = laneFor("shop", SNAPSHOT_OF, lanes);
      batches.set(lane, [...(batches.get(lane) ?? []), this.#snapshotRow(offset.epoch, last)]);
    }
    const positions = new Map(offset.lanes);
    const frames = [...batches].flatMap(([lane, changes]) =>
      framesOf(lane, changes, followedPositions(offset).get(lane) ?? null, this.#nameOf(offset)),
    );
    const count = killedAfter === null ? frames.length : Math.ceil(frames.length * killedAfter);
    for (const frame of frames.slice(0, count)) {
      for (const change of frame.changes)
        if (!isOfSnapshot(change)) this.sent.set(change.id, change.table);
      this.#send(frame);
      positions.set(frame.lane, frame.last);
    }
    this.isUnsaved = killedAfter !== null && count > 0;
    if (killedAfter !== null) return;
    const reached = this.#reached({ ...offset, run, lanes: positions }, due, prepared);
    const isSettled = settledAt(reached, unsure) ? true : undefined;
    this.table = { ...this.table, saved: { ...reached, isSettled } };
  }

  async #begin(): Promise<Beginning> {
    const { saved, newStart } = this.table;
    const mistake = this.#mistake;
    const state = this.#server.state();
    const credulity =
      this.#mistake === "unproven" || this.#mistake === "same-numbers" ? this.#mistake : null;
    const found = this.#server.evidence(credulity, saved?.anchor ?? null);
    const evidence =
      mistake === "passes-hidden" ? { ...found, hasAnonymous: async () => false } : found;
    if (newStart !== null) {
      const { start, lanes, laneCount } = newStart;
      this.#passOver(start);
      const life = this.#mistake === "ordered-life" ? newStart : newLife(newStart.epoch - 1, 0);
      const { epoch } = life;
      const begin = await firstBeginning(start, { epoch, life: life.life }, state, evidence);
      const ownRuns =
        mistake === "former-runs"
          ? newStart.ownRuns
          : await ownRunsAtStart(newStart, begin, state, evidence);
      const offset = { ...begin.offset, ownRuns, lanes, laneCount, anewSince: epoch };
      const isForgetful = mistake === "file-alone" && start.kind === "file";
      return { ...begin, offset: isForgetful ? { ...offset, gtidSet: null } : offset };
    }
    if (saved === null) {
      const begin = await firstBeginning({ kind: "oldest" }, newLife(0, 0), state, evidence);
      return {
        ...begin,
        offset: { ...begin.offset, ownRuns: ownRunsBehindGap(begin, state, undefined) },
      };
    }
    const { file, offset: at, gtidSet, epoch } = saved;
    if (mistake === "by-gtids" && gtidSet !== null && !state.gtids) throw gtidModeOff(state);
    const begin = await resume(saved, state, evidence);
    if (mistake === "by-gtids" && gtidSet !== null)
      return { ...begin, start: { kind: "gtid", gtidSet } };
    if (mistake === "same-epoch") return { ...begin, offset: { ...begin.offset, epoch } };
    if (!begin.isResumed || at < DUMP_LIMIT) return begin;
    if (mistake === "asks-beyond") return { ...begin, start: { kind: "file", file, offset: at } };
    if (mistake !== "next-file") return begin;
    const next = { file: nameOf(numberOf(file) + 1), offset: 4 };
    return { ...begin, offset: { ...begin.offset, ...next }, start: { kind: "file", ...next } };
  }

  /**
   * Throws, as the server does, when no event begins at a dump's position, or a dump by GTIDs would
   * meet a transaction without one.
   */
  #refuseDump({ start }: Beginning): void {
    const { log } = this.#server.data;
    if (start.kind === "file") {
      if (!this.#server.hasPosition(numberOf(start.file), start.offset))
        throw new RefusedDumpError();
      return;
    }
    const begins = this.#server.dumpFile(lastNumber(start.gtidSet));
    if (log.some(({ number, file }) => number === null && file >= begins))
      throw new RefusedDumpError();
  }

  /**
   * Marks the rows before a start as skipped, but not those that were sent and may be under way.
   */
  #passOver(start: StartPoint): void {
    for (const logged of this.#server.data.log) {
      const isSkipped =
        start.kind === "now" ||
        (start.kind === "file" && isBefore(logged, numberOf(start.file), start.offset));
      if (!isSkipped) continue;
      for (const { id } of logged.rows) if (!this.sent.has(id)) this.passedOver.add(id);
    }
  }

  #lanesFor(offset: Offset, wanted: number, progress: ReadonlyMap<number, LaneProgress>): number {
    const present = offset.laneCount ?? wanted;
    if (present === wanted || this.#mistake === "lanes-at-once") return wanted;
    return layoutStep(offset, progress).kind === "change" ? wanted : present;
  }

  /** The changes of a transaction. Those of an XA transaction appear at its commit. */
  #changesOf(
    logged: Logged,
    epoch: number,
    followed: ReadonlySet<string>,
    prepared: Map<number, string>,
  ): ModelChange[] {
    const { kind, xid } = logged;
    if (kind === "prepare") {
      const key = `xa/${logged.us}`;
      this.#kept.set(key, logged.rows);
      prepared.set(xid, key);
      return [];
    }
    let { rows } = logged;
    if (kind === "commit") {
      const key = prepared.get(xid);
      if (key === undefined && this.#mistake !== "forgets-xa") {
        // The alarm "XA transaction without its changes" rings.
        for (const { id } of rows) this.passedOver.add(id);
      }
      rows = key === undefined ? [] : (this.#kept.get(key) ?? []);
      prepared.delete(xid);
    }
    const isWanted = ({ table }: ModelRow): boolean => followed.has(table);
    const counted = this.#mistake === "counts-wanted" ? rows.filter(isWanted) : rows;
    return counted
      .map((row, index) => ({
        ...row,
        position: formatPosition({ epoch, file: logged.file, offset: logged.at, row: index }),
      }))
      .filter(isWanted);
  }

  /** A row of a snapshot, between a transaction and the next one. */
  #snapshotRow(epoch: number, { file, at, size }: Logged): ModelChange {
    const row = ++this.#snapshotRows;
    return {
      table: SNAPSHOT_OF,
      id: -row,
      position: formatPosition({ epoch, file, offset: at + size - 1, row }),
    };
  }

  #reached(offset: Offset, due: readonly Logged[], prepared: ReadonlyMap<number, string>): Offset {
    const last = due.at(-1);
    if (last === undefined) return offset;
    const anchor = due.findLast(({ at }) => at < DUMP_LIMIT);
    const numbers = due.map(({ number }) => number ?? 0);
    const read = Math.max(lastNumber(offset.gtidSet ?? ""), ...numbers);
    const isForgetful = this.#mistake === "forgets-xa";
    return {
      ...offset,
      file: nameOf(last.file),
      offset: last.at + last.size,
      isExact: true,
      gtidSet: offset.gtidSet === null ? null : setOf(read),
      anchor: anchor === undefined ? offset.anchor : anchorOf(anchor),
      keptXa: isForgetful ? [] : Array.from(prepared, ([xid, key]) => keptXa(xid, key, last)),
    };
  }

  #end(): BinlogPosition {
    const { file, offset } = this.#server.end;
    return { fileNumber: file, offset };
  }

  #nameOf({ life }: Offset): { readonly life?: string } {
    return life === null || this.#mistake === "same-epoch" ? {} : { life };
  }
}

/** The server's refusal, which stops the reader until a person acts. */
class RefusedDumpError extends OperatorError {
  override readonly name = "RefusedDumpError";

  constructor() {
    super("the server refuses the dump", "start anew");
  }
}

function isDue(logged: Logged, { start }: Beginning): boolean {
  return start.kind === "gtid"
    ? logged.number !== null && logged.number > lastNumber(start.gtidSet)
    : !isBefore(logged, numberOf(start.file), start.offset);
}

function framesOf(
  lane: number,
  changes: readonly ModelChange[],
  previous: string | null,
  name: { readonly life?: string },
): ModelFrame[] {
  const frames: ModelFrame[] = [];
  let before = previous;
  for (let start = 0; start < changes.length; start += FRAME) {
    const part = changes.slice(start, start + FRAME);
    const [first, last] = [part[0]?.position ?? "", part.at(-1)?.position ?? ""];
    frames.push({ lane, first, last, previous: before, ...name, changes: part });
    before = last;
  }
  return frames;
}

function keptXa(xid: number, key: string, { file, at, us }: Logged): KeptXa {
  const transaction = {
    gtid: null,
    file: nameOf(file),
    fileNumber: file,
    start: at,
    thread: 1,
    run: 1,
    serverId: 1,
    committedUs: us,
  };
  return { xid: String(xid), key, transaction };
}
