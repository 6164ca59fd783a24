import { filesOfOneName } from "../../reader/transactions/known-files.ts";
import type { RunBeginnings } from "../../reader/offsets/run-beginnings.ts";
import { runBeginning } from "../../reader/transactions/server-run.ts";
import type { Offset } from "../../reader/offsets/offset.ts";
import type { ServerState } from "../../reader/source/server-state.ts";
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

/** The parts of `TracedServer` by which runs are named. */
interface ServerOfNames extends Pick<TracedServer, "isSameLife"> {
  readonly offset: Pick<Offset, "run" | "file"> | null;
  readonly state: Pick<ServerState, "files">;
}

/**
 * A run is named after its first file and its start time in seconds. Where the run began long
 * before the reader's first file, and in lives that an earlier release began, the reader chose
 * another name, which its offset contains. It recorded the run's connections under that name.
 *
 * @param file the file with which the stretch begins
 */
export async function runNames(
  { offset, state, isSameLife }: ServerOfNames,
  file: string,
  beginnings: Pick<RunBeginnings, "latest">,
): Promise<RunNames> {
  const standard = await standardName(state, file, beginnings);
  if (offset === null || offset.run === null || !isSameLife)
    return { first: standard ?? UNKNOWN, of: (run) => run };
  const readerRun = offset.run;
  const replaced = await standardName(state, offset.file, beginnings);
  const isOneBase = firstOfName(state, file) === firstOfName(state, offset.file);
  return {
    first: isOneBase && replaced === standard ? readerRun : (standard ?? UNKNOWN),
    of: (run) => (run === replaced ? readerRun : run),
  };
}

/** The name of a run that began in a purged file. No recorded connection belongs to it. */
const UNKNOWN = 0;

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

function firstOfName(state: Pick<ServerState, "files">, file: string): string {
  return upTo(state, file)[0] ?? file;
}
