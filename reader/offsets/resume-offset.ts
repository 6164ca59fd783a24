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

/** What the server answers when it is asked whether it is the one that was read. */
export interface BinlogEvidence {
  /** Whether every GTID of the first set is in the second one. */
  isSubset(subset: string, set: string): Promise<boolean>;
  /** Whether this very transaction (or file) stands at its position. */
  stands(anchor: Anchor): Promise<boolean>;
  /**
   * The transaction with a GTID, where it stands in this server's logs; null when they do not have
   * it any more.
   */
  find(gtid: string): Promise<Anchor | null>;
  /** The first event of a file. Null when the server does not have the file. */
  beginningOf(file: string): Promise<Anchor | null>;
  /** The GTIDs of everything before a position; beyond a file's end, with all that is in it. */
  gtidsBefore(file: string, offset: number): Promise<string>;
}

/** Where an attempt begins. */
export interface Beginning {
  readonly offset: Offset & { readonly run: number };
  /** What to ask the server for. */
  readonly start: DumpStart;
  /** Whether the coordinates are those in which the offset was saved. */
  readonly isResumed: boolean;
}

/** The first event of a file starts behind its magic number. */
export const FIRST_EVENT = 4;
/** COM_BINLOG_DUMP takes an offset of 32 bits. */
const DUMP_LIMIT = 2 ** 32;

/**
 * The beginning of a source that was never read, or that an operator starts anew: in a life of its
 * own.
 */
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
 * Where to go on from a saved offset. On the server that was read, and where its binlog is proven
 * to be the one that was read: at the same position, in the same life. Elsewhere behind the same
 * GTIDs, in a new life, where the server is proven to have the same history. Throws OperatorError
 * where there is no proof, or no way without a gap.
 *
 * @param isVouched an operator has said that the server's history is the one that was read
 */
export async function resume(
  saved: Offset,
  state: ServerState,
  evidence: BinlogEvidence,
  isVouched = false,
): Promise<Beginning> {
  const isKnownFile = saved.server === state.uuid && state.files.includes(saved.file);
  if (isKnownFile && (await isProven(saved, state, evidence))) return goOn(saved, state, evidence);
  // Without GTIDs, file and offset are all that an operator can vouch for.
  if (isKnownFile && isVouched && saved.gtidSet === null) return goOn(saved, state, evidence);

  if (saved.gtidSet === null) throw withoutGtids(saved, state);
  if (!state.gtids) throw gtidModeOff(state);
  await requireHistory(saved.gtidSet, state, evidence);
  const anchor = await sameTransaction(saved, state, evidence, isVouched);
  // Another server of the topology, or other files: offsets and thread ids have nothing to do with
  // the former ones.
  return behindGtids({ ...saved, gtidSet: saved.gtidSet, ...newLife(saved.epoch) }, anchor, state);
}

/**
 * The same in the offsets table that is used now. An offset from a restored table begins a new life
 * where it is: since the backup the former life went on, perhaps on a server that was put back as
 * well, and frames and parked messages of it may be left.
 */
export function inTable(begin: Beginning, tableMadeMs: number): Beginning {
  const { offset, isResumed } = begin;
  const isCopy = offset.tableMadeMs !== undefined && offset.tableMadeMs !== tableMadeMs;
  return isResumed && isCopy
    ? { ...begin, offset: { ...offset, ...newLife(offset.epoch), tableMadeMs }, isResumed: false }
    : { ...begin, offset: { ...offset, tableMadeMs } };
}

/**
 * Whether the server has at the saved position what was read there. An offset of an earlier release
 * has no anchor: it is believed, as that release did. The beginning of a file says nothing of what
 * follows in it: a copy of the server may have gone on from an earlier point. So the GTIDs must
 * have been executed as well, and the latest one by the same transaction.
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
  // Without an anchor, file and offset may be those of a failover that has read nothing yet.
  const isExact = saved.isExact && saved.anchor !== null;
  if (saved.gtidSet !== null && !isExact && state.gtids)
    return { offset, start: { kind: "gtid", gtidSet: saved.gtidSet }, isResumed: true };
  if (saved.offset >= DUMP_LIMIT) {
    // A file this long ends with the transaction that made it so: the server begins the next one at
    // its commit.
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

/** Throws unless the server has executed a set, and still has the log of everything else. */
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
 * The anchor in the logs of a server with other coordinates. Throws where it is another
 * transaction, or not there.
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
    Pick<Offset, "lanes" | "laneCount" | "anewSince" | "committedMs" | "keptXa" | "snapshots"> & {
      readonly gtidSet: string;
    },
  anchor: Anchor | null,
  state: ServerState,
): Beginning {
  const { epoch, life, lanes, laneCount, anewSince, committedMs, keptXa, snapshots, gtidSet } =
    known;
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
      // Its GTIDs say that they were read, and their images are right on any server with this
      // history.
      keptXa: keptXa.map(inAnotherLife),
      // Keys are the same on any server with this history.
      snapshots,
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

/** Its thread id and position mean nothing any more: who is not known by now is not looked for. */
function inAnotherLife(kept: KeptXa): KeptXa {
  const { transaction } = kept;
  return { ...kept, transaction: { ...transaction, author: transaction.author ?? null } };
}

/** What is known of a position from which nothing was read yet. */
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
 * A name for the run at a position when nobody knows when it began: no run has begun in this second
 * and this file.
 */
function runAt(file: string): number {
  return runBeginning(Math.floor(Date.now() / 1000), binlogFileNumber(file));
}

/**
 * The file's first event, with the latest transaction of a set, by which other servers are
 * recognised.
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
  // The transaction may lie in an older file, which is purged before anything else is read.
  return { ...beginning, gtid: found.gtid, committedUs: found.committedUs };
}

/** How many GTIDs of one server are looked for in the log, which takes a dump each. */
const LATEST_TRIED = 5;

/**
 * A server's own latest GTIDs in a set, those of the busiest tags: each tag has numbers of its own,
 * so the set does not say which transaction was the last, and that of a user who is gone may be
 * purged.
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
 * The same of the other servers, for one that has written nothing yet: after a failover, or a
 * restore.
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
    `the offset is a GTID set, and ${state.uuid} has none`,
    "Turn gtid_mode ON, or start anew with `npm run offsets -- set --now`, which skips what was written meanwhile.",
  );
}
