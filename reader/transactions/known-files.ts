import { binlogFileNumber } from "../../wire/binlog-file.ts";

/** The server's binlog files before reading begins. */
export interface KnownFiles {
  /** The files that the server had at that time. */
  readonly listed: ReadonlySet<string>;
  /**
   * Files that do not have the next number, but of which GTIDs prove that no transaction is missing
   * before them.
   */
  readonly proven: ReadonlySet<string>;
}

/** Finds out which GTIDs are in a server's binlog. */
interface GtidEvidence {
  isSubset(subset: string, set: string): Promise<boolean>;
  gtidsBefore(file: string, offset: number): Promise<string>;
}

/** The offset of a file's first event, behind the magic number. */
const FIRST_EVENT = 4;

/**
 * Checks the files that do not have the next number. There are two causes: a starting server
 * continues after the highest number in its directory, even if that is a stray file's; or a line of
 * the index was removed. Each file begins with the GTIDs that were executed before it. If the
 * previous file contains or begins with all of them, no transaction is missing between the two.
 *
 * `files`: consecutive files of the server's index. `gtids`: whether every transaction has a GTID;
 * otherwise nothing can be proven.
 */
export async function knownFiles(
  files: readonly string[],
  gtids: boolean,
  evidence: GtidEvidence,
): Promise<KnownFiles> {
  const proven = new Set<string>();
  for (const [i, file] of files.entries()) {
    const former = files[i - 1];
    if (!gtids || former === undefined || !leavesOutNumbers(former, file)) continue;
    const executed = await evidence.gtidsBefore(file, FIRST_EVENT);
    const read = await evidence.gtidsBefore(former, Infinity);
    if (await evidence.isSubset(executed, read)) proven.add(file);
  }
  return { listed: new Set(files), proven };
}

/**
 * Whether a file has the base name of the one before it, and a number beyond the next. Under
 * another base name numbers begin anew, and positions would repeat: no proof lets reading go on
 * there.
 */
function leavesOutNumbers(former: string, file: string): boolean {
  return (
    baseName(file) === baseName(former) && binlogFileNumber(file) > binlogFileNumber(former) + 1
  );
}

/**
 * The first of these consecutive files that have one base name. Their numbers, and so the positions
 * in them, can be compared; under another base name numbers begin anew.
 */
export function filesOfOneName(files: readonly string[]): readonly string[] {
  const moved = files.findIndex((file) => baseName(file) !== baseName(files[0] ?? ""));
  return moved === -1 ? files : files.slice(0, moved);
}

function baseName(file: string): string {
  return file.slice(0, file.lastIndexOf("."));
}

/** The file name with the next number. */
export function fileAfter(file: string): string {
  return `${baseName(file)}.${String(binlogFileNumber(file) + 1).padStart(6, "0")}`;
}
