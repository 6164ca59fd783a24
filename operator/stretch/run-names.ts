import type { Offset } from "../../reader/offsets/offset.ts";
import { type OwnRuns, runsInThisLife } from "../../reader/offsets/own-runs.ts";
import type { RunBeginnings } from "../../reader/offsets/run-beginnings.ts";
import type { ServerState } from "../../reader/source/server-state.ts";
import { type BinlogPosition, isBefore } from "../../reader/transactions/binlog-position.ts";
import { filesOfOneName } from "../../reader/transactions/known-files.ts";
import { beganFile, runBeginning } from "../../reader/transactions/server-run.ts";
import { binlogFileNumber } from "../../wire/binlog-file.ts";
import { isForeignRun } from "../../wire/session.ts";
import { isBeyond, type ReadFrom } from "./from-recorded.ts";
import type { TracedServer } from "./traced-server.ts";

/**
 * The names of the server's runs in a stretch of its binlog. They match the reader's names, so that
 * connections have the same names too.
 */
export interface RunNames {
  /** The run to which the beginning of the stretch belongs. */
  readonly first: number;
  /** Returns the reader's name of a run, for a transaction that was written at a place. */
  readonly of: (run: number, place: BinlogPosition) => number;
}

/** The parts of `TracedServer` by which runs are named. */
interface ServerOfNames extends Pick<TracedServer, "isSameLife"> {
  readonly offset: Pick<Offset, "run" | "ownRuns" | "file" | "offset" | "isExact"> | null;
  readonly state: Pick<ServerState, "files">;
}

/**
 * A run is named after its first file and its start time in seconds. In a life that began behind a
 * gap, the reader gave other names to the runs that had begun before. Where a run began long before
 * the reader's first file, and in lives of an earlier release, it chose a name that its offset
 * contains. It recorded the run's connections under that name.
 *
 * @param from where reading starts
 */
export async function runNames(
  { offset, state, isSameLife }: ServerOfNames,
  from: ReadFrom,
  beginnings: Pick<RunBeginnings, "latest">,
): Promise<RunNames> {
  const { file } = from;
  const first = (await standardName(state, file, beginnings)) ?? UNKNOWN;
  // What was recorded may end before the stretch, or be of another history.
  if (offset === null || !isSameLife)
    return { first, of: (run) => (isForeignRun(run) ? run : unrecorded(run)) };
  const { ownRuns, run: readersRun } = offset;
  const isOneBase = firstOfName(state, file) === firstOfName(state, offset.file);
  const standard = await standardName(state, offset.file, beginnings);
  const replaced = standard ?? (isOneBase ? UNKNOWN : null);
  const isUnread = unreadPlaces(ownRuns, state, file);
  const nameOf = runsInThisLife(ownRuns, state.files, ofOneName(state, file));
  const isAhead = isBeyond(from, offset, state);
  return {
    first,
    of: (run, place) => {
      if (isForeignRun(run)) return run;
      if (isUnread(place)) return UNREAD + beganFile(run);
      if (isAhead) return unrecorded(run);
      return run === replaced && readersRun !== null ? readersRun : nameOf(run);
    },
  };
}

/** The name of a run that began in a purged file. No recorded connection belongs to it. */
const UNKNOWN = 0;
/**
 * Above the names of all runs: no recorded connection belongs to such a name. The record may be
 * about another user, from before a gap or behind it.
 */
const UNRECORDED = 2 ** 52;
const UNREAD = UNRECORDED + 2 ** 51;

function unrecorded(run: number): number {
  return UNRECORDED + beganFile(run);
}

/** Whether a name is for what the reader has not read in this life. */
export function isUnreadRun(run: number): boolean {
  return run >= UNREAD;
}

/** Tells whether the reader has not read a place of the stretch in this life. */
function unreadPlaces(
  own: OwnRuns | undefined,
  state: Pick<ServerState, "files">,
  file: string,
): (place: BinlogPosition) => boolean {
  if (own === undefined) return () => false;
  if (!ofOneName(state, file).includes(own.file)) {
    const isEarlier = state.files.indexOf(file) < state.files.indexOf(own.file);
    return () => isEarlier;
  }
  const begin = { fileNumber: binlogFileNumber(own.file), offset: own.offset };
  return (place) => isBefore(place, begin);
}

/** null when the run that `file` belongs to began in a purged file. */
async function standardName(
  state: Pick<ServerState, "files">,
  file: string,
  beginnings: Pick<RunBeginnings, "latest">,
): Promise<number | null> {
  const began = await beginnings.latest(upTo(state, file));
  return began && runBeginning(began.startedS, began.fileNumber);
}

/** The files up to this one that have its base name. */
function upTo({ files }: Pick<ServerState, "files">, file: string): readonly string[] {
  return filesOfOneName(files.slice(0, files.indexOf(file) + 1).toReversed()).toReversed();
}

/** All files that have this one's base name. */
function ofOneName(state: Pick<ServerState, "files">, file: string): readonly string[] {
  const following = state.files.slice(state.files.indexOf(file) + 1);
  return filesOfOneName([...upTo(state, file), ...following]);
}

function firstOfName(state: Pick<ServerState, "files">, file: string): string {
  return upTo(state, file)[0] ?? file;
}
