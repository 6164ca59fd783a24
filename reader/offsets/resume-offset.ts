import {
  BinlogPurgedError,
  HistoryMismatchError,
  HistoryUnprovenError,
} from "../reporting/errors.ts";
import { DUMP_LIMIT } from "../source/binlog-dump.ts";
import type { ServerState } from "../source/server-state.ts";
import type { Anchor } from "../transactions/transaction.ts";
import {
  type Beginning,
  behindGtids,
  gtidModeOff,
  hasExecuted,
  requireHistory,
} from "./beginning.ts";
import { type BinlogEvidence, FIRST_EVENT } from "./evidence.ts";
import { firstAnchor } from "./first-anchor.ts";
import { refuseHidden } from "./hidden-transactions.ts";
import { lackingHistory } from "./lacking-history.ts";
import { newLife } from "./life.ts";
import { describeOffset, type Offset } from "./offset.ts";
import { isOwnRun } from "./own-runs.ts";
import { ownRunsBehindGap } from "./runs-at-start.ts";
import { refuseUnlogged } from "./unlogged-transactions.ts";
import { isBeyondEnd, isSamePosition, usedAgain } from "./without-anchor.ts";

/**
 * Finds where to continue from a saved offset. If the server's binlog is proven to be the one that
 * was read, reading continues at the same position, in the same life. Otherwise, if the server is
 * proven to have the same history, reading continues behind the same GTIDs, in a new life. Throws
 * OperatorError when there is no proof or continuing would leave a gap, and BinlogInterruptedError
 * while the server is a replica that only has to catch up.
 *
 * @param vouched the names of the errors that an operator has answered: the server's history is the
 *   one that was read
 */
export async function resume(
  saved: Offset,
  state: ServerState,
  evidence: BinlogEvidence,
  vouched: ReadonlySet<string> = new Set(),
): Promise<Beginning> {
  const isRead = vouched.has("AnonymousTransactionsError");
  const again = vouched.has(MISMATCH) ? null : await gtidUsedAgain(saved, state, evidence);
  if (again !== null) throw anotherUnder(again, saved);
  if (await isSamePlace(saved, state, evidence)) {
    const here = vouched.has(MISMATCH) ? await recognised(saved, state, evidence) : saved;
    const isConfirmed = vouched.has("UnloggedTransactionsError");
    const known = await refuseUnlogged(here, state, evidence, isConfirmed);
    const { gtidSet } = known;
    if (gtidSet === null || !goesOnByGtids(known, state)) return goOn(known, state, evidence);
    const readTo = readToHere(known);
    const searchedTo = await refuseHidden(readTo, gtidSet, state, evidence, isRead);
    return goOn({ ...known, searchedTo }, state, evidence);
  }
  // Without GTIDs, an operator can confirm only file and offset, and not against an anchor.
  if (vouched.has(MISMATCH) && saved.gtidSet === null && !saved.anchor && isInBinlog(saved, state))
    return goOn(await recognised(saved, state, evidence), state, evidence);

  if (saved.gtidSet === null) throw withoutGtids(saved, state);
  if (!state.gtids) throw gtidModeOff(state);
  if (!(await hasExecuted(saved.gtidSet, state, evidence)))
    throw await lackingHistory({ ...saved, gtidSet: saved.gtidSet }, state, evidence);
  await requireHistory(saved.gtidSet, state, evidence);
  const anchor = await sameTransaction(saved, state, evidence, vouched);
  // Where the last transaction that was read is gone, all that the server has may follow it.
  const found = anchor ?? { file: state.oldestFile, start: FIRST_EVENT };
  const readTo = isLastRead(saved.anchor) ? found : null;
  const searchedTo = await refuseHidden(readTo, saved.gtidSet, state, evidence, isRead);
  // It is another server of the topology, or it has other files: its offsets and thread ids are
  // unrelated to the former ones.
  const known = { ...saved, gtidSet: saved.gtidSet, ...newLife(saved.epoch), searchedTo };
  const begin = behindGtids(known, anchor, state);
  // On another server, what it wrote when it was the source before may have been read elsewhere.
  const isWhole = saved.server === state.uuid && !isOwnRun(saved.run, saved.ownRuns);
  const ownRuns = isWhole ? undefined : ownRunsBehindGap(begin, state, saved.ownRuns);
  return { ...begin, offset: { ...begin.offset, ownRuns } };
}

/**
 * Gives an offset of an earlier release that an operator has confirmed an anchor. The next attempt
 * proves the server by it, although nothing may have been read until then.
 */
async function recognised(
  saved: Offset,
  state: ServerState,
  evidence: BinlogEvidence,
): Promise<Offset> {
  if (!isOfEarlierRelease(saved)) return saved;
  const { file, gtidSet } = saved;
  const anchor = await firstAnchor(file, state.gtids ? gtidSet : null, state, evidence);
  return { ...saved, anchor };
}

/**
 * Up to where an offset whose dump begins behind GTIDs was read on the server that it names; null
 * when it is not known.
 */
function readToHere(saved: Offset): Pick<Anchor, "file" | "start"> | null {
  const { anchor, file, offset, searchedTo } = saved;
  if (searchedTo !== undefined) return { file: searchedTo, start: FIRST_EVENT };
  if (anchor === null) return { file, start: offset };
  return isLastRead(anchor) ? anchor : null;
}

/** Whether an anchor is a transaction that was read, not the anchor of a first or ordered start. */
function isLastRead(anchor: Anchor | null): boolean {
  return anchor !== null && anchor.begunS === null;
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

/** Whether the server's binlog is proven to be the one in which an offset was saved. */
export async function isSameBinlog(
  saved: Offset,
  state: ServerState,
  evidence: BinlogEvidence,
): Promise<boolean> {
  if (!(await isSamePlace(saved, state, evidence))) return false;
  return (await gtidUsedAgain(saved, state, evidence)) === null;
}

async function isSamePlace(
  saved: Offset,
  state: ServerState,
  evidence: BinlogEvidence,
): Promise<boolean> {
  return isKnownFile(saved, state) && (await isProven(saved, state, evidence));
}

/** See `usedAgain`. An anchor proves more. */
async function gtidUsedAgain(
  saved: Offset,
  state: ServerState,
  evidence: BinlogEvidence,
): Promise<string | null> {
  const { gtidSet } = saved;
  if (!isOfEarlierRelease(saved) || gtidSet === null || !state.gtids) return null;
  return usedAgain({ ...saved, gtidSet }, state, evidence);
}

const MISMATCH = "HistoryMismatchError";

function isKnownFile({ server, file }: Offset, { uuid, files }: ServerState): boolean {
  return server === uuid && files.includes(file);
}

/** Whether the server has the offset's file, and the offset is not beyond the end of the binlog. */
function isInBinlog(saved: Offset, state: ServerState): boolean {
  return isKnownFile(saved, state) && !isBeyondEnd(saved, state);
}

/** Earlier releases named no lives and saved no anchors. */
function isOfEarlierRelease({ life, anchor }: Offset): boolean {
  return life === null && anchor === null;
}

/**
 * Whether the server has the anchor's event at its position and the same history. The beginning of
 * a file proves nothing about its later events, because a copy of the server may have continued
 * from an earlier point. So the server must also have executed the GTIDs, the latest one by the
 * same transaction.
 */
async function isProven(
  saved: Offset,
  state: ServerState,
  evidence: BinlogEvidence,
): Promise<boolean> {
  const { anchor, gtidSet } = saved;
  if (isOfEarlierRelease(saved)) return isSamePosition(saved, state, evidence);
  // Nothing was read in this life.
  if (anchor === null) return true;
  if (!(await evidence.stands(anchor))) return false;
  if (gtidSet === null || !state.gtids) return true;
  if (!(await hasExecuted(gtidSet, state, evidence))) return false;
  if (anchor.begunS === null || anchor.gtid === null) return true;
  const latest = await evidence.find(anchor.gtid);
  return latest === null || latest.committedUs === anchor.committedUs;
}

/** Without an anchor, file and offset may be those of a failover after which nothing was read. */
function goesOnByGtids({ isExact, anchor }: Offset, { gtids }: ServerState): boolean {
  return gtids && !(isExact && anchor !== null);
}

async function goOn(
  saved: Offset,
  state: ServerState,
  evidence: BinlogEvidence,
): Promise<Beginning> {
  if (saved.gtidSet !== null && goesOnByGtids(saved, state))
    return { offset: saved, start: { kind: "gtid", gtidSet: saved.gtidSet }, isResumed: true };
  if (saved.offset >= DUMP_LIMIT) return readAgain(saved);
  const { file, offset: at } = saved;
  const gtidSet = saved.gtidSet ?? (state.gtids ? await evidence.gtidsBefore(file, at) : null);
  return {
    offset: { ...saved, gtidSet },
    start: { kind: "file", file, offset: at },
    isResumed: true,
  };
}

/**
 * Begins at an earlier place, because no dump can begin at the offset. The file may go on behind
 * it: the server begins the next file only after all transactions that it commits together, and
 * those that follow meanwhile. The lanes skip what they have sent.
 */
function readAgain(offset: Offset): Beginning {
  const { file, anchor } = offset;
  const isBefore = anchor?.file === file && anchor.start < DUMP_LIMIT;
  const at = isBefore ? anchor.start : FIRST_EVENT;
  return {
    offset: { ...offset, offset: at, isSettled: undefined },
    start: { kind: "file", file, offset: at },
    isResumed: true,
  };
}

/**
 * Finds the anchor's transaction in the logs of a server with other coordinates. Throws when it is
 * missing or another transaction has its GTID, unless an operator has answered that error.
 */
async function sameTransaction(
  saved: Offset,
  state: ServerState,
  evidence: BinlogEvidence,
  vouched: ReadonlySet<string>,
): Promise<Anchor | null> {
  const { anchor } = saved;
  if (anchor === null) return null;
  const found = anchor.gtid === null ? null : await evidence.find(anchor.gtid);
  if (found === null) {
    if (vouched.has("HistoryUnprovenError")) return null;
    throw new HistoryUnprovenError(describeOffset(saved), anchor.gtid, state.uuid);
  }
  if (found.committedUs !== anchor.committedUs && !vouched.has(MISMATCH))
    throw anotherUnder(String(found.gtid), saved);
  return found;
}

function anotherUnder(gtid: string, saved: Offset): Error {
  return new HistoryMismatchError(
    describeOffset(saved),
    `has another transaction under the GTID ${gtid}`,
  );
}

function withoutGtids(saved: Offset, state: ServerState): Error {
  if (saved.server !== state.uuid)
    return new HistoryMismatchError(describeOffset(saved), `is server ${state.uuid}`);
  if (!state.files.includes(saved.file))
    return new BinlogPurgedError(describeOffset(saved), state.oldestFile);
  const found =
    isOfEarlierRelease(saved) && saved.committedMs === 0
      ? "may have been reset: the earlier release did not save when the last transaction was committed"
      : "has another transaction where the last one was read";
  return new HistoryMismatchError(describeOffset(saved), found);
}
