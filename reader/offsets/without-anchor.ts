import type { ServerState } from "../source/server-state.ts";
import { type BinlogEvidence, FIRST_EVENT } from "./evidence.ts";
import { latestOf } from "./first-anchor.ts";
import type { Offset } from "./offset.ts";

/** How much the server's clock may have been set back in a file, milliseconds. */
const SET_BACK_MS = 1000;

/**
 * Whether a file and offset that an earlier release saved without an anchor still name the position
 * up to which the reader has read, on the server that it read.
 *
 * With GTIDs: exactly the offset's GTIDs were executed before the position, or those that were not
 * are behind a prepared XA transaction at the position. After a reset or in moved logs, another set
 * was executed. Without GTIDs: the file is not younger than the last commit that was read, or that
 * commit is the last transaction before the position, in an earlier file. An XA transaction was
 * then prepared at the position, and no commit was read in the file.
 */
export async function isSamePosition(
  saved: Offset,
  state: ServerState,
  evidence: BinlogEvidence,
): Promise<boolean> {
  const { file, offset, gtidSet, committedMs, lanes } = saved;
  if (isBeyondEnd(saved, state)) return false;
  if (gtidSet !== null && state.gtids) {
    const before = await evidence.gtidsBefore(file, offset);
    if (!(await evidence.isSubset(before, gtidSet))) return false;
    if (await evidence.isSubset(gtidSet, before)) return true;
    return await isHeldBack({ ...saved, gtidSet }, state, evidence);
  }
  // Nothing was read in this file.
  if (offset <= FIRST_EVENT) return true;
  // Nothing was read yet; or the commit time was lost, because an earlier release saved 0 when it
  // had read only definitions or prepared XA transactions since its start.
  if (committedMs === 0) return lanes.size === 0;
  const beginning = await evidence.beginningOf(file);
  const begunMs = (beginning?.begunS ?? 0) * 1000;
  if (begunMs <= committedMs + SET_BACK_MS) return true;
  return (await lastCommitMs(saved, state, evidence)) === committedMs;
}

/**
 * Whether the position is beyond the end of the binlog. New logs may have the same names and be
 * shorter. Their transactions would get positions that the lanes have passed.
 */
export function isBeyondEnd(
  { file, offset }: Pick<Offset, "file" | "offset">,
  state: Pick<ServerState, "file" | "offset">,
): boolean {
  return file === state.file && offset > state.offset;
}

/**
 * The commit time of the last transaction before the position, in the latest file that has one,
 * milliseconds since 1970; null when there is none.
 */
async function lastCommitMs(
  { file, offset }: Offset,
  { files }: ServerState,
  { lastCommitBefore }: Pick<BinlogEvidence, "lastCommitBefore">,
): Promise<number | null> {
  for (const each of files.slice(0, files.indexOf(file) + 1).toReversed()) {
    const lastUs = await lastCommitBefore(each, each === file ? offset : Infinity);
    if (lastUs !== null) return Math.floor(lastUs / 1000);
  }
  return null;
}

/**
 * Whether an XA transaction held the position back, at its beginning, while later transactions were
 * read. Then exactly at the position there is a transaction that is not in the offset's GTIDs.
 */
async function isHeldBack(
  { file, offset, gtidSet }: Offset & { readonly gtidSet: string },
  { gtidExecuted }: ServerState,
  { eventAt, isSubset }: Pick<BinlogEvidence, "eventAt" | "isSubset">,
): Promise<boolean> {
  const gtid = (await eventAt(file, offset))?.gtid ?? null;
  return (
    gtid !== null && !(await isSubset(gtid, gtidSet)) && (await isSubset(gtidSet, gtidExecuted))
  );
}

/**
 * The GTID that was read and under which the server has a transaction with a later commit time than
 * everything that was read: the server was restored or reset, and has used the GTID again. null
 * when there is none. With tags, only one of the GTIDs is that of the last transaction that was
 * read.
 */
export async function usedAgain(
  { committedMs, gtidSet, server }: Offset & { readonly gtidSet: string },
  { gtidExecuted }: ServerState,
  { find, isSubset }: Pick<BinlogEvidence, "find" | "isSubset">,
): Promise<string | null> {
  // Only an executed GTID can be found.
  if (committedMs === 0 || !(await isSubset(gtidSet, gtidExecuted))) return null;
  let again: string | null = null;
  for (const gtid of latestOf(server, gtidSet)) {
    const found = await find(gtid);
    if (found === null) continue;
    const foundMs = Math.floor(found.committedUs / 1000);
    if (foundMs === committedMs) return null;
    if (foundMs > committedMs) again ??= gtid;
  }
  return again;
}
