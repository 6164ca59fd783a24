import { binlogFileNumber } from "../../wire/binlog-file.ts";
import { Rotations } from "../../reader/transactions/rotations.ts";
import { fileOfPresentRun, serverStart } from "../../reader/transactions/run-beginnings.ts";
import { runBeginning } from "../../reader/transactions/server-run.ts";
import type { TracedServer } from "./traced-server.ts";

/**
 * How the runs of a server are named in a stretch of its binlog, so that connections have the names
 * that the reader gave them.
 */
export interface RunNames {
  /** The run that goes on where the stretch begins. */
  readonly first: number;
  /** The reader's name of a run. */
  readonly of: (run: number) => number;
}

/**
 * A run is named after its first file and second. Where the reader began to read in the middle of a
 * run, it did not know that name and drew another, which its offset says: what is recorded of the
 * run's connections is recorded under that one.
 *
 * @param file with whose beginning the stretch begins
 */
export async function runNames(server: TracedServer, file: string): Promise<RunNames> {
  const { offset } = server;
  const began = await runFile(server, file);
  const standard = await standardName(server, began);
  if (offset === null || offset.run === null || !server.isSameLife)
    return { first: standard ?? UNKNOWN, of: (run) => run };
  const readerRun = offset.run;
  const readerBegan = await runFile(server, offset.file);
  const replaced = readerBegan === began ? standard : await standardName(server, readerBegan);
  return {
    first: readerBegan === began ? readerRun : (standard ?? UNKNOWN),
    of: (run) => (run === replaced ? readerRun : run),
  };
}

/** A run whose beginning is in a purged file. No recorded connection is of it. */
const UNKNOWN = 0;

/** The file in which the run began that a file belongs to, or the oldest that is left of it. */
function runFile({ connection, state }: TracedServer, file: string): Promise<string> {
  const [first = file, ...others] = state.files.slice(0, state.files.indexOf(file) + 1);
  return fileOfPresentRun(new Rotations(connection), [first, ...others]);
}

async function standardName({ asked }: TracedServer, file: string): Promise<number | null> {
  const startedS = await serverStart(asked, file);
  return startedS === 0 ? null : runBeginning(startedS, binlogFileNumber(file));
}
