import type { ServerState } from "../source/server-state.ts";
import type { Beginning } from "./beginning.ts";
import type { BinlogEvidence } from "./evidence.ts";
import { isEarlier, type OwnRuns, ownRunsBefore } from "./own-runs.ts";
import type { NewStart } from "./reader-item.ts";
import { isUnreadable } from "./short-dump.ts";

/**
 * Which runs of the server have names of their own after a start that an operator ordered. Where
 * the former life has read up to the start or further, these are the same as before: what is
 * recorded of a run is complete up to the start.
 */
export async function ownRunsAtStart(
  order: Pick<NewStart, "ownRuns" | "lastRead" | "readSet">,
  begin: Beginning,
  state: ServerState,
  evidence: Pick<BinlogEvidence, "stands" | "isSubset">,
): Promise<OwnRuns | undefined> {
  const { ownRuns } = order;
  if (!(await isReadUpTo(begin, order, state, evidence)))
    return ownRunsBehindGap(begin, state, ownRuns);
  if (ownRuns === undefined) return undefined;
  const isBehind = begin.start.kind === "file" && !isEarlier(begin.offset, ownRuns, state.files);
  return isBehind ? ownRuns : ownRunsBehindGap(begin, state, ownRuns);
}

/**
 * For a life that begins behind a gap, or may do so. A dump by GTIDs leaves out transactions up to
 * the present end of the binlog.
 */
export function ownRunsBehindGap(
  { start, offset }: Pick<Beginning, "start" | "offset">,
  end: Pick<ServerState, "file" | "offset">,
  former: OwnRuns | undefined,
): OwnRuns {
  return ownRunsBefore(start.kind === "file" ? offset : end, former);
}

/** Whether the former life is proven to have read the same binlog up to the start. */
async function isReadUpTo(
  { start, offset }: Beginning,
  { lastRead, readSet }: Pick<NewStart, "lastRead" | "readSet">,
  { files }: ServerState,
  evidence: Pick<BinlogEvidence, "stands" | "isSubset">,
): Promise<boolean> {
  if (lastRead === null || !(await isReadHere(lastRead, evidence))) return false;
  const last = { file: lastRead.file, offset: lastRead.start };
  if (start.kind === "file" && !isEarlier(last, offset, files)) return true;
  const { gtidSet } = offset;
  return gtidSet !== null && readSet !== null && (await evidence.isSubset(gtidSet, readSet));
}

/**
 * Whether the binlog is proven to be the one that was read. Otherwise the server may have been put
 * back: connections in what it has lost may then have the names of connections that it has now.
 */
async function isReadHere(
  lastRead: NonNullable<NewStart["lastRead"]>,
  { stands }: Pick<BinlogEvidence, "stands">,
): Promise<boolean> {
  return stands(lastRead).catch((error: unknown) => {
    // The start may lead past what cannot be read.
    if (isUnreadable(error)) return false;
    throw error;
  });
}
