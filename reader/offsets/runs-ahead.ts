import { binlogFileNumber } from "../../wire/binlog-file.ts";
import type { ServerState } from "../source/server-state.ts";
import { filesOfOneName } from "../transactions/known-files.ts";
import type { RunBeginnings } from "./run-beginnings.ts";
import { runBeginning } from "../transactions/server-run.ts";
import { type Beginning, runAt } from "./beginning.ts";
import type { BinlogEvidence } from "./evidence.ts";
import { dumpBegins } from "./hidden-transactions.ts";
import type { Offset } from "./offset.ts";

/** The server's runs in the files that an attempt reads. */
export interface RunsAhead {
  /** The run at the first of these files. */
  readonly run: number;
  /** See `ServerRunOptions`. */
  readonly runBeginnings: ReadonlyMap<number, number>;
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
 * How many files before the first one are asked for the beginning of their run. Where it began
 * earlier, it gets a name that no connection was recorded under.
 */
const LOOK_BACK = 32;

/**
 * Finds the runs of the server in the files from which the dump begins. A run that the offset does
 * not name gets the name that it has in every life, so that connections are known that were
 * recorded in an earlier one.
 */
export async function runsAhead(
  { start, offset }: Pick<Beginning, "start"> & { readonly offset: Pick<Offset, "run" | "file"> },
  { files }: Pick<ServerState, "files">,
  evidence: Pick<BinlogEvidence, "isSubset" | "gtidsBefore">,
  beginnings: Pick<RunBeginnings, "among" | "latest">,
): Promise<RunsAhead> {
  const at =
    start.kind === "gtid"
      ? await dumpBegins(start.gtidSet, files, evidence)
      : files.indexOf(offset.file);
  const following = files.slice(at);
  const [first = offset.file, ...others] = filesOfOneName(following);
  const isMoved = 1 + others.length < following.length;
  const runBeginnings = await beginnings.among(others);
  const before = filesOfOneName(files.slice(0, at + 1).toReversed()).slice(0, LOOK_BACK);
  const isUnknown = start.kind === "gtid" || offset.run === null;
  const began = isUnknown ? await beginnings.latest(before.toReversed()) : null;
  return {
    run:
      began === null
        ? (offset.run ?? runAt(first))
        : runBeginning(began.startedS, began.fileNumber),
    runBeginnings,
    presentRunFile: isMoved ? null : ([...runBeginnings.keys()].at(-1) ?? binlogFileNumber(first)),
    isMoved,
  };
}
