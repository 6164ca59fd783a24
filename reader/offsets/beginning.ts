import {
  BinlogPurgedError,
  HistoryMismatchError,
  SourceSettingError,
} from "../reporting/errors.ts";
import type { DumpStart } from "../source/binlog-dump.ts";
import type { ServerState } from "../source/server-state.ts";
import type { Anchor, KeptXa } from "../transactions/transaction.ts";
import { type BinlogEvidence, FIRST_EVENT } from "./evidence.ts";
import type { Life } from "./life.ts";
import { joinGtidSets } from "./offset-saver.ts";
import type { Offset } from "./offset.ts";

/** Where an attempt begins reading. */
export interface Beginning {
  /** Its run is null where `runsAhead` has to find it. */
  readonly offset: Offset;
  /** The dump to request. */
  readonly start: DumpStart;
  /** Whether reading continues in the coordinates in which the offset was saved. */
  readonly isResumed: boolean;
}

/**
 * Whether the server has executed the set. The log hands a transaction out before the server counts
 * it as executed: its commit may still wait for a semi-synchronous replica. So the log counts too.
 */
export async function hasExecuted(
  gtidSet: string,
  { gtidExecuted, file, offset }: Pick<ServerState, "gtidExecuted" | "file" | "offset">,
  { isSubset, gtidsBefore }: Pick<BinlogEvidence, "isSubset" | "gtidsBefore">,
): Promise<boolean> {
  if (await isSubset(gtidSet, gtidExecuted)) return true;
  return isSubset(gtidSet, joinGtidSets(gtidExecuted, await gtidsBefore(file, offset)));
}

/**
 * Throws unless the server has executed the set and still has the logs of all other transactions.
 */
export async function requireHistory(
  gtidSet: string,
  state: ServerState,
  evidence: Pick<BinlogEvidence, "isSubset" | "gtidsBefore">,
): Promise<void> {
  const { gtidExecuted, gtidPurged, oldestFile } = state;
  const { isSubset } = evidence;
  if (!(await hasExecuted(gtidSet, state, evidence)))
    throw new HistoryMismatchError(gtidSet, `executed ${gtidExecuted || "nothing"}`);
  if (!(await isSubset(gtidPurged, gtidSet)))
    throw new BinlogPurgedError(gtidSet, `${oldestFile} (purged: ${gtidPurged})`);
}

/** A beginning in a new life, behind the GTIDs that were read. */
export function behindGtids(
  known: Life &
    Pick<
      Offset,
      | "lanes"
      | "laneCount"
      | "anewSince"
      | "committedMs"
      | "keptXa"
      | "snapshots"
      | "names"
      | "searchedTo"
    > & {
      readonly gtidSet: string;
    },
  anchor: Anchor | null,
  state: ServerState,
): Beginning {
  const { epoch, life, lanes, laneCount, anewSince, committedMs, keptXa, snapshots, gtidSet } =
    known;
  const { names, searchedTo } = known;
  const file = state.oldestFile;
  return {
    offset: {
      epoch,
      life,
      ...unread(state),
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
      searchedTo,
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
export function inAnotherLife(kept: KeptXa): KeptXa {
  const { transaction } = kept;
  return { ...kept, transaction: { ...transaction, author: transaction.author ?? null } };
}

/** The state at a position before anything was read. */
export function unread({
  uuid,
}: ServerState): Pick<Offset, "server" | "run" | "lanes" | "laneCount" | "committedMs" | "keptXa"> {
  return {
    server: uuid,
    run: null,
    lanes: new Map(),
    laneCount: null,
    committedMs: 0,
    keptXa: [],
  };
}

export function gtidModeOff(state: ServerState): SourceSettingError {
  return new SourceSettingError(
    "gtid_mode",
    "not ON",
    `the offset is a GTID set, and the server ${state.uuid} has no GTIDs`,
    "Turn gtid_mode ON. If the server then refuses what was written without GTIDs, leave it at ON_PERMISSIVE and run `npm run offsets -- set --file NAME:4` with the last binlog file that begins before it: part of what was delivered comes again.",
  );
}
