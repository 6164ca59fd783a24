import { binlogFileNumber } from "../../wire/binlog-file.ts";
import type { StartPoint } from "../../config/start-point.ts";
import {
  BinlogPurgedError,
  HistoryMismatchError,
  HistoryUnprovenError,
  NotRotatedYetError,
  SourceSettingError,
} from "../reporting/errors.ts";
import type { DumpStart } from "../source/binlog-dump.ts";
import type { ServerState } from "../source/server-state.ts";
import { runBeginning } from "../transactions/server-run.ts";
import type { Anchor, KeptXa } from "../transactions/transaction.ts";
import { newLife, type Life } from "./life.ts";
import { describeOffset, type Offset } from "./offset.ts";

/** Queries that show whether a server has the history that was read. */
export interface BinlogEvidence {
  /** Whether `set` contains every GTID of `subset`. */
  isSubset(subset: string, set: string): Promise<boolean>;
  /** Whether the anchor's transaction (or file beginning) is at its position. */
  stands(anchor: Anchor): Promise<boolean>;
  /** Finds a transaction in this server's logs; null when they no longer contain it. */
  find(gtid: string): Promise<Anchor | null>;
  /** The first event of a file; null when the server does not send it. */
  beginningOf(file: string): Promise<Anchor | null>;
  /**
   * The GTIDs executed before a position; with an offset beyond the file's end, including the whole
   * file.
   */
  gtidsBefore(file: string, offset: number): Promise<string>;
}

/** Where an attempt begins reading. */
export interface Beginning {
  readonly offset: Offset & { readonly run: number };
  /** The dump to request. */
  readonly start: DumpStart;
  /** Whether reading continues in the coordinates in which the offset was saved. */
  readonly isResumed: boolean;
}

/** The offset of a file's first event, behind the magic number. */
export const FIRST_EVENT = 4;
/** COM_BINLOG_DUMP has 32 bits for the offset. */
const DUMP_LIMIT = 2 ** 32;

/** The beginning of a source that was never read or that an operator starts anew, in a new life. */
export async function firstBeginning(
  start: StartPoint,
  life: Life,
  state: ServerState,
  evidence: Omit<BinlogEvidence, "stands">,
): Promise<Beginning> {
  const at = async (file: string, offset: number, gtidSet: string | null): Promise<Beginning> => ({
    offset: {
      ...life,
      ...unread(state, file),
      gtidSet,
      file,
      offset,
      begunAt: { file, offset },
      isExact: true,
      anchor: await firstAnchor(file, gtidSet, state, evidence),
    },
    start: { kind: "file", file, offset },
    isResumed: false,
  });
  switch (start.kind) {
    case "now":
      return at(state.file, state.offset, state.gtids ? state.gtidExecuted : null);
    case "oldest":
      return at(state.oldestFile, FIRST_EVENT, state.gtids ? state.gtidPurged : null);
    case "file":
      if (!state.files.includes(start.file))
        throw new BinlogPurgedError(`${start.file}:${start.offset}`, state.oldestFile);
      return at(
        start.file,
        start.offset,
        state.gtids ? await evidence.gtidsBefore(start.file, start.offset) : null,
      );
    case "gtid": {
      if (!state.gtids) throw gtidModeOff(state);
      const { gtidSet } = start;
      await requireHistory(gtidSet, state, evidence);
      const anchor = await firstAnchor(state.oldestFile, gtidSet, state, evidence);
      return behindGtids({ ...life, ...unread(state, state.oldestFile), gtidSet }, anchor, state);
    }
    default:
      return start satisfies never;
  }
}

/**
 * Finds where to continue from a saved offset. If the server's binlog is proven to be the one that
 * was read, reading continues at the same position, in the same life. Otherwise, if the server is
 * proven to have the same history, reading continues behind the same GTIDs, in a new life. Throws
 * OperatorError when there is no proof or continuing would leave a gap.
 *
 * @param isVouched an operator has confirmed that the server's history is the one that was read
 */
export async function resume(
  saved: Offset,
  state: ServerState,
  evidence: BinlogEvidence,
  isVouched = false,
): Promise<Beginning> {
  const isKnownFile = saved.server === state.uuid && state.files.includes(saved.file);
  if (isKnownFile && (await isProven(saved, state, evidence))) return goOn(saved, state, evidence);
  // Without GTIDs, an operator can confirm only file and offset.
  if (isKnownFile && isVouched && saved.gtidSet === null) return goOn(saved, state, evidence);

  if (saved.gtidSet === null) throw withoutGtids(saved, state);
  if (!state.gtids) throw gtidModeOff(state);
  await requireHistory(saved.gtidSet, state, evidence);
  const anchor = await sameTransaction(saved, state, evidence, isVouched);
  // It is another server of the topology, or it has other files: its offsets and thread ids are
  // unrelated to the former ones.
  return behindGtids({ ...saved, gtidSet: saved.gtidSet, ...newLife(saved.epoch) }, anchor, state);
}

/**
 * Adapts a beginning to the present offsets table. An offset from a restored table begins a new
 * life at the same position. The former life continued after the backup, perhaps on a server that
 * was restored as well, and its frames and parked messages may still exist.
 */
export function inTable(begin: Beginning, tableMadeMs: number): Beginning {
  const { offset, isResumed } = begin;
  const isCopy = offset.tableMadeMs !== undefined && offset.tableMadeMs !== tableMadeMs;
  return isResumed && isCopy
    ? { ...begin, offset: { ...offset, ...newLife(offset.epoch), tableMadeMs }, isResumed: false }
    : { ...begin, offset: { ...offset, tableMadeMs } };
}

/**
 * Whether the server has the anchor's event at its position and the same history. An offset of an
 * earlier release has no anchor and is trusted, as in that release. The beginning of a file proves
 * nothing about its later events, because a copy of the server may have continued from an earlier
 * point. So the server must also have executed the GTIDs, the latest one by the same transaction.
 */
async function isProven(
  { anchor, gtidSet }: Offset,
  { gtids, gtidExecuted }: ServerState,
  evidence: BinlogEvidence,
): Promise<boolean> {
  if (anchor === null) return true;
  if (!(await evidence.stands(anchor))) return false;
  if (gtidSet === null || !gtids) return true;
  if (!(await evidence.isSubset(gtidSet, gtidExecuted))) return false;
  if (anchor.begunS === null || anchor.gtid === null) return true;
  const latest = await evidence.find(anchor.gtid);
  return latest === null || latest.committedUs === anchor.committedUs;
}

async function goOn(
  saved: Offset,
  state: ServerState,
  evidence: BinlogEvidence,
): Promise<Beginning> {
  const run = saved.run ?? runAt(saved.file);
  const offset = { ...saved, run };
  // Without an anchor, file and offset may be those of a failover after which nothing was read yet.
  const isExact = saved.isExact && saved.anchor !== null;
  if (saved.gtidSet !== null && !isExact && state.gtids)
    return { offset, start: { kind: "gtid", gtidSet: saved.gtidSet }, isResumed: true };
  if (saved.offset >= DUMP_LIMIT) {
    // A file of this length ends with the transaction that made it that large; the server begins
    // the next file at its commit.
    const next = state.files[state.files.indexOf(saved.file) + 1];
    if (next === undefined) throw new NotRotatedYetError(saved.file);
    return {
      offset: { ...offset, file: next, offset: FIRST_EVENT },
      start: { kind: "file", file: next, offset: FIRST_EVENT },
      isResumed: true,
    };
  }
  const { file, offset: at } = saved;
  const gtidSet = saved.gtidSet ?? (state.gtids ? await evidence.gtidsBefore(file, at) : null);
  return {
    offset: { ...offset, gtidSet },
    start: { kind: "file", file, offset: at },
    isResumed: true,
  };
}

/**
 * Throws unless the server has executed the set and still has the logs of all other transactions.
 */
async function requireHistory(
  gtidSet: string,
  { gtidExecuted, gtidPurged, oldestFile }: ServerState,
  { isSubset }: Pick<BinlogEvidence, "isSubset">,
): Promise<void> {
  if (!(await isSubset(gtidSet, gtidExecuted)))
    throw new HistoryMismatchError(gtidSet, `executed ${gtidExecuted || "nothing"}`);
  if (!(await isSubset(gtidPurged, gtidSet)))
    throw new BinlogPurgedError(gtidSet, `${oldestFile} (purged: ${gtidPurged})`);
}

/**
 * Finds the anchor's transaction in the logs of a server with other coordinates. Throws when it is
 * missing or another transaction has its GTID; if vouched, returns what was found.
 */
async function sameTransaction(
  saved: Offset,
  state: ServerState,
  evidence: BinlogEvidence,
  isVouched: boolean,
): Promise<Anchor | null> {
  const { anchor } = saved;
  if (anchor === null) return null;
  const found = anchor.gtid === null ? null : await evidence.find(anchor.gtid);
  if (isVouched) return found;
  if (found === null)
    throw new HistoryUnprovenError(describeOffset(saved), anchor.gtid, state.uuid);
  if (found.committedUs !== anchor.committedUs)
    throw new HistoryMismatchError(
      describeOffset(saved),
      `has another transaction under the GTID ${found.gtid}`,
    );
  return found;
}

function behindGtids(
  known: Life &
    Pick<
      Offset,
      "lanes" | "laneCount" | "anewSince" | "committedMs" | "keptXa" | "snapshots" | "names"
    > & {
      readonly gtidSet: string;
    },
  anchor: Anchor | null,
  state: ServerState,
): Beginning {
  const { epoch, life, lanes, laneCount, anewSince, committedMs, keptXa, snapshots, gtidSet } =
    known;
  const { names } = known;
  const file = state.oldestFile;
  return {
    offset: {
      epoch,
      life,
      ...unread(state, file),
      lanes,
      laneCount,
      anewSince,
      committedMs,
      // The GTID set contains their prepares, and their changes are the same on every server with
      // this history.
      keptXa: keptXa.map(inAnotherLife),
      // Keys are the same on every server with this history.
      snapshots,
      names,
      gtidSet,
      file,
      offset: FIRST_EVENT,
      isExact: false,
      anchor,
    },
    start: { kind: "gtid", gtidSet },
    isResumed: false,
  };
}

/**
 * The thread id and position are no longer valid, so an author that is still unknown is not looked
 * up.
 */
function inAnotherLife(kept: KeptXa): KeptXa {
  const { transaction } = kept;
  return { ...kept, transaction: { ...transaction, author: transaction.author ?? null } };
}

/** The state at a position before anything was read. */
function unread(
  { uuid }: ServerState,
  file: string,
): Pick<Offset, "server" | "lanes" | "laneCount" | "committedMs" | "keptXa"> & {
  readonly run: number;
} {
  return {
    server: uuid,
    run: runAt(file),
    lanes: new Map(),
    laneCount: null,
    committedMs: 0,
    keptXa: [],
  };
}

/**
 * A number for the run at a position, when its beginning is unknown. It is unique, because no run
 * has begun in this second with this file.
 */
function runAt(file: string): number {
  return runBeginning(Math.floor(Date.now() / 1000), binlogFileNumber(file));
}

/**
 * An anchor for a first start: the file's first event, with the latest transaction of the set, by
 * which other servers are recognised.
 */
async function firstAnchor(
  file: string,
  gtidSet: string | null,
  { uuid }: ServerState,
  evidence: Pick<BinlogEvidence, "find" | "beginningOf">,
): Promise<Anchor | null> {
  let found: Anchor | null = null;
  for (const gtid of gtidSet === null
    ? []
    : [...latestOf(uuid, gtidSet), ...latestOfOthers(uuid, gtidSet)]) {
    found = await evidence.find(gtid);
    if (found !== null) break;
  }
  const beginning = await evidence.beginningOf(file);
  if (found === null || beginning === null) return beginning;
  // The transaction may be in an older file, which may be purged before anything else is read.
  return { ...beginning, gtid: found.gtid, committedUs: found.committedUs };
}

/** The maximum number of GTIDs of one server that are searched for; each takes a dump. */
const LATEST_TRIED = 5;

/**
 * The latest GTIDs of a server in a set, one for each tag, the busiest tags first. Each tag has a
 * separate numbering, so the set does not show which transaction was the last, and that of a former
 * user may be purged.
 */
export function latestOf(uuid: string, gtidSet: string): string[] {
  const entry = gtidSet.split(",").find((part) => part.toLowerCase().startsWith(`${uuid}:`));
  const latest = new Map<string, bigint>();
  let source = uuid;
  for (const part of entry?.slice(uuid.length + 1).split(":") ?? []) {
    if (/^\d/.test(part)) latest.set(source, BigInt(part.split("-").at(-1) ?? part));
    else source = `${uuid}:${part}`;
  }
  return [...latest]
    .sort(([, a], [, b]) => (a < b ? 1 : -1))
    .slice(0, LATEST_TRIED)
    .map(([tagged, number]) => `${tagged}:${number}`);
}

/**
 * Like `latestOf`, for the other servers of the set. Needed when this server has written nothing
 * yet, as after a failover or restore.
 */
function latestOfOthers(uuid: string, gtidSet: string): string[] {
  const others = gtidSet.split(",").map((entry) => entry.slice(0, entry.indexOf(":")));
  return others
    .filter((other) => other !== "" && other.toLowerCase() !== uuid)
    .flatMap((other) => latestOf(other.toLowerCase(), gtidSet))
    .slice(0, LATEST_TRIED);
}

function withoutGtids(saved: Offset, state: ServerState): Error {
  if (saved.server !== state.uuid)
    return new HistoryMismatchError(describeOffset(saved), `is server ${state.uuid}`);
  if (!state.files.includes(saved.file))
    return new BinlogPurgedError(describeOffset(saved), state.oldestFile);
  return new HistoryMismatchError(
    describeOffset(saved),
    "has another transaction where the last one was read",
  );
}

function gtidModeOff(state: ServerState): SourceSettingError {
  return new SourceSettingError(
    "gtid_mode",
    "not ON",
    `the offset is a GTID set, and the server ${state.uuid} has no GTIDs`,
    "Turn gtid_mode ON, or run `npm run offsets -- set --now`, which skips what was written meanwhile.",
  );
}
