import type { ServerState } from "../source/server-state.ts";
import type { KeptXa } from "../transactions/transaction.ts";
import { inAnotherLife } from "./beginning.ts";
import type { BinlogEvidence } from "./evidence.ts";
import type { Offset } from "./offset.ts";
import type { NewStart } from "./reader-item.ts";

/**
 * The kept XA transactions that are still due at an ordered start. With `isPast`, all of them.
 * Where the binlog is read again from an earlier place, those that were prepared before it; the
 * others are read again as well. The last transaction that was read must stand on the server: after
 * a reset, other transactions have the GTIDs. At all other starts there are none, because they may
 * have been committed in what is skipped.
 */
export async function dueXa(
  { isPast, keptXa, lastRead, start }: NewStart,
  { gtidSet, file, offset }: Pick<Offset, "gtidSet" | "file" | "offset">,
  { files, gtids, gtidExecuted }: Pick<ServerState, "files" | "gtids" | "gtidExecuted">,
  { find, isSubset }: Pick<BinlogEvidence, "find" | "isSubset">,
): Promise<readonly KeptXa[]> {
  if (isPast) return keptXa.map(inAnotherLife);
  const isPlace = start.kind === "file" || start.kind === "oldest";
  const gtid = lastRead?.gtid ?? null;
  if (!isPlace || keptXa.length === 0 || !gtids || gtidSet === null || gtid === null) return [];
  // Only an executed GTID can be found.
  const found = (await isSubset(gtid, gtidExecuted)) ? await find(gtid) : null;
  if (found === null || found.committedUs !== lastRead?.committedUs) return [];
  const [begins, read] = [files.indexOf(file), files.indexOf(found.file)];
  if (begins > read || (begins === read && offset > found.start)) return [];
  const due: KeptXa[] = [];
  for (const kept of keptXa) {
    const prepare = kept.transaction.gtid;
    if (prepare !== null && (await isSubset(prepare, gtidSet))) due.push(inAnotherLife(kept));
  }
  return due;
}
