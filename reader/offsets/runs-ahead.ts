import { binlogFileNumber } from "../../wire/binlog-file.ts";
import type { ServerState } from "../source/server-state.ts";
import { filesOfOneName } from "../transactions/known-files.ts";
import type { RunBeginnings } from "./run-beginnings.ts";
import { runBeginning } from "../transactions/server-run.ts";
import type { Beginning } from "./beginning.ts";
import type { BinlogEvidence } from "./evidence.ts";
import { dumpBegins } from "./hidden-transactions.ts";
import type { Offset } from "./offset.ts";
import { runAt, runsInThisLife } from "./own-runs.ts";

/** The server's runs in the files that an attempt reads. */
export interface RunsAhead {
  /** The run at the first of these files. */
  readonly run: number;
  /** See `ServerRunOptions`. */
  readonly runBeginnings: ReadonlyMap<number, number>;
  /** See `ServerRunOptions`. */
  readonly nameOf: (run: number) => number;
  /** The number of a binlog file of the server's present run, as are all later ones. */
  readonly presentRunFile: number | null;
  /**
   * Whether the binlog goes on under another base name behind these files, where numbers begin
   * anew. The attempt ends there, before the files of the present run, and `presentRunFile` is
   * null.
   */
  readonly isMoved: boolean;
}

/**
 * How many files before the first one are asked for the beginning of a former run. Where it began
 * earlier, it gets a name that no connection was recorded under.
 */
const LOOK_BACK = 32;

/**
 * Finds the runs of the server in the files from which the dump begins. A run that the offset does
 * not name gets the name that it has in every life, so that connections are known that were
 * recorded in an earlier one. With `ownRuns`, it gets the one that it has in this life.
 */
export async function runsAhead(
  {
    start,
    offset,
  }: Pick<Beginning, "start"> & { readonly offset: Pick<Offset, "run" | "ownRuns" | "file"> },
  { files, firstWrittenFile }: Pick<ServerState, "files" | "firstWrittenFile">,
  evidence: Pick<BinlogEvidence, "isSubset" | "gtidsBefore">,
  beginnings: Pick<RunBeginnings, "among" | "latest">,
): Promise<RunsAhead> {
  const isByGtids = start.kind === "gtid";
  const at = isByGtids
    ? await dumpBegins(start.gtidSet, files, evidence)
    : files.indexOf(offset.file);
  const following = files.slice(at);
  const [first = offset.file, ...others] = filesOfOneName(following);
  const isMoved = 1 + others.length < following.length;
  // No run begins in the files behind this one.
  const written = firstWrittenFile === null ? Infinity : files.indexOf(firstWrittenFile);
  const doubtful = others.slice(0, Math.max(0, written - at));
  // In a dump by file, the later files' first events say themselves whether a run began.
  const runBeginnings = await beginnings.among(isByGtids ? doubtful : []);
  const before = filesOfOneName(files.slice(0, at + 1).toReversed());
  const { run, ownRuns } = offset;
  const nameOf = runsInThisLife(ownRuns, files, [...before, ...others]);
  const began = async (): Promise<number | null> => {
    const ofPresentRun = files.slice(written, at + 1);
    const found =
      (await beginnings.latest(ofPresentRun.slice(0, 1))) ??
      (await beginnings.latest(before.slice(0, LOOK_BACK).toReversed()));
    return found && nameOf(runBeginning(found.startedS, found.fileNumber));
  };
  const unknown = (): number =>
    ownRuns === undefined
      ? (run ?? runAt(first))
      : runBeginning(ownRuns.second, binlogFileNumber(first));
  // The run may have begun before the first file that is known to be written.
  const presentRunFile = async (): Promise<number> =>
    (await beginnings.latest(doubtful))?.fileNumber ?? binlogFileNumber(first);
  return {
    run: (isByGtids ? null : run) ?? (await began()) ?? unknown(),
    runBeginnings,
    nameOf,
    presentRunFile: isMoved ? null : await presentRunFile(),
    isMoved,
  };
}
