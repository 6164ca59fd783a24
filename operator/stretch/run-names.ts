import { binlogFileNumber } from "../../wire/binlog-file.ts";
import { Rotations } from "../../reader/transactions/rotations.ts";
import { fileOfPresentRun, serverStart } from "../../reader/transactions/run-beginnings.ts";
import { runBeginning } from "../../reader/transactions/server-run.ts";
import type { TracedServer } from "./traced-server.ts";

/**
 * The names of the server's runs in a stretch of its binlog. They match the reader's names, so that
 * connections have the same names too.
 */
export interface RunNames {
  /** The run to which the beginning of the stretch belongs. */
  readonly first: number;
  /** Returns the reader's name of a run. */
  readonly of: (run: number) => number;
}

/**
 * A run is named after its first file and its start time in seconds. When the reader began in the
 * middle of a run, it did not know that name and chose another, which its offset contains. The
 * reader recorded the run's connections under that name.
 *
 * @param file the file with which the stretch begins
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

/** The name of a run that began in a purged file. No recorded connection belongs to it. */
const UNKNOWN = 0;

/** The first file of the run that `file` belongs to, or its oldest file that is not purged. */
function runFile({ connection, state }: TracedServer, file: string): Promise<string> {
  const [first = file, ...others] = state.files.slice(0, state.files.indexOf(file) + 1);
  return fileOfPresentRun(new Rotations(connection), [first, ...others]);
}

async function standardName({ asked }: TracedServer, file: string): Promise<number | null> {
  const startedS = await serverStart(asked, file);
  return startedS === 0 ? null : runBeginning(startedS, binlogFileNumber(file));
}
