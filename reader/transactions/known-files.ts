import { binlogFileNumber } from "../../wire/binlog-file.ts";

/** What the server says of its binlog files before they are read. */
export interface KnownFiles {
  /** Those that it had when it was asked. */
  readonly listed: ReadonlySet<string>;
  /** Those that leave out numbers, and before which no transaction is missing all the same. */
  readonly proven: ReadonlySet<string>;
}

/** Answers questions about the GTIDs in a server's binlog. */
interface GtidEvidence {
  isSubset(subset: string, set: string): Promise<boolean>;
  gtidsBefore(file: string, offset: number): Promise<string>;
}

/** Where a file's first event stands, behind the magic number. */
const FIRST_EVENT = 4;

/**
 * Asks about files that leave out numbers. A server that starts takes the number behind the highest
 * in its directory, also where that is a stray file's; and somebody may have removed a line from
 * the index. A file says which GTIDs were executed before it was begun. Where all of them are in
 * the file before it, or were executed before that one, nothing is missing between the two.
 *
 * `files`: names of files that the server has, one after the other. `gtids`: whether every
 * transaction has a GTID; without, nothing is proven.
 */
export async function knownFiles(
  files: readonly string[],
  gtids: boolean,
  evidence: GtidEvidence,
): Promise<KnownFiles> {
  const proven = new Set<string>();
  for (const [i, file] of files.entries()) {
    const former = files[i - 1];
    if (!gtids || former === undefined || file === fileAfter(former)) continue;
    const executed = await evidence.gtidsBefore(file, FIRST_EVENT);
    const read = await evidence.gtidsBefore(former, Infinity);
    if (await evidence.isSubset(executed, read)) proven.add(file);
  }
  return { listed: new Set(files), proven };
}

/** The file whose number is the next. */
export function fileAfter(file: string): string {
  const dot = file.lastIndexOf(".");
  return `${file.slice(0, dot)}.${String(binlogFileNumber(file) + 1).padStart(6, "0")}`;
}
