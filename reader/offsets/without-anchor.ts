import type { ServerState } from "../source/server-state.ts";
import { HistoryMismatchError } from "../reporting/errors.ts";
import { type BinlogEvidence, FIRST_EVENT } from "./evidence.ts";
import { latestOf } from "./first-anchor.ts";
import { describeOffset, type Offset } from "./offset.ts";

/** How much the server's clock may have been set back in a file, milliseconds. */
const SET_BACK_MS = 1000;
/** The maximum number of GTIDs of one source that are searched for; each takes a dump. */
const MOST_TRIED = 30;

/**
 * Whether a file and offset that an earlier release saved without an anchor still name the position
 * up to which the reader has read, on the server that it read.
 *
 * With GTIDs: exactly the offset's GTIDs were executed before the position. After a reset or in
 * moved logs, another set was. Without GTIDs: the file is not younger than the last transaction
 * that was read in it.
 */
export async function isSamePosition(
  saved: Offset,
  state: ServerState,
  evidence: BinlogEvidence,
): Promise<boolean> {
  const { file, offset, gtidSet, committedMs } = saved;
  // New logs may have the same names and be shorter. Their transactions would get positions that
  // the lanes have passed.
  if (file === state.file && offset > state.offset) return false;
  if (gtidSet !== null && state.gtids) {
    const before = await evidence.gtidsBefore(file, offset);
    return (await evidence.isSubset(before, gtidSet)) && (await evidence.isSubset(gtidSet, before));
  }
  // Nothing was read yet, or nothing in this file.
  if (committedMs === 0 || offset <= FIRST_EVENT) return true;
  const beginning = await evidence.beginningOf(file);
  const begunMs = (beginning?.begunS ?? 0) * 1000;
  return begunMs <= committedMs + SET_BACK_MS;
}

/**
 * Throws when a GTID that was read belongs to a transaction that was committed later than all that
 * was read: the server was restored or reset, and has used the GTID again. Earlier releases did not
 * save the commit times of statements that change definitions. So later transactions are accepted
 * if, among them, the server has the one whose commit time was saved.
 */
export async function refuseUsedAgain(
  saved: Offset & { readonly gtidSet: string },
  { gtidExecuted }: ServerState,
  { find, isSubset }: Pick<BinlogEvidence, "find" | "isSubset">,
): Promise<void> {
  const { committedMs, gtidSet, server } = saved;
  // Only an executed GTID can be found.
  if (committedMs === 0 || !(await isSubset(gtidSet, gtidExecuted))) return;
  let usedAgain: string | null = null;
  for (const latest of latestOf(server, gtidSet)) {
    for (const gtid of downFrom(latest)) {
      if (!(await isSubset(gtid, gtidSet))) continue;
      const found = await find(gtid);
      if (found === null) break;
      const foundMs = Math.floor(found.committedUs / 1000);
      if (foundMs === committedMs) return;
      if (gtid === latest && foundMs > committedMs) usedAgain ??= gtid;
      if (foundMs < committedMs) break;
    }
  }
  if (usedAgain !== null)
    throw new HistoryMismatchError(
      describeOffset(saved),
      `has another transaction under the GTID ${usedAgain}`,
    );
}

/** A GTID and those of the same source before it, at most `MOST_TRIED`. */
function downFrom(latest: string): string[] {
  const end = latest.lastIndexOf(":");
  const number = BigInt(latest.slice(end + 1));
  return Array.from({ length: MOST_TRIED }, (_, back) => number - BigInt(back))
    .filter((tried) => tried > 0n)
    .map((tried) => `${latest.slice(0, end)}:${tried}`);
}
