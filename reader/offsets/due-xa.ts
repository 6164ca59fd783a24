import type { ServerState } from "../source/server-state.ts";
import { type Anchor, type KeptXa, gtidOf } from "../transactions/transaction.ts";
import { inAnotherLife } from "./beginning.ts";
import type { BinlogEvidence, EventPosition } from "./evidence.ts";
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
  state: Pick<ServerState, "file" | "offset" | "files" | "gtids" | "gtidExecuted">,
  evidence: DueEvidence,
): Promise<readonly KeptXa[]> {
  if (isPast) return keptXa.map(inAnotherLife);
  const isPlace = start.kind === "file" || start.kind === "oldest";
  const gtid = lastRead?.gtid ?? null;
  if (!isPlace || keptXa.length === 0 || gtid === null) return [];
  const found = await transactionOf(gtid, { file, offset }, state, evidence);
  if (found === null || found.committedUs !== lastRead?.committedUs) return [];
  const [begins, read] = [state.files.indexOf(file), state.files.indexOf(found.file)];
  if (begins > read || (begins === read && offset > found.start)) return [];
  // The offset has no GTIDs unless gtid_mode is ON.
  const before = gtidSet ?? (await evidence.gtidsBefore(file, offset));
  const due: KeptXa[] = [];
  for (const kept of keptXa) {
    const prepare = gtidOf(kept.transaction);
    if (prepare !== null && (await evidence.isSubset(prepare, before)))
      due.push(inAnotherLife(kept));
  }
  return due;
}

/** Unless `gtid_mode` is ON, the server does not send by GTIDs. Then all from the start is read. */
async function transactionOf(
  gtid: string,
  start: EventPosition,
  { file, offset, gtids, gtidExecuted }: Parameters<typeof dueXa>[2],
  { find, findBetween, isSubset }: DueEvidence,
): Promise<Anchor | null> {
  if (!gtids) return findBetween(gtid, start, { file, offset });
  // Only an executed GTID can be found.
  return (await isSubset(gtid, gtidExecuted)) ? find(gtid) : null;
}

type DueEvidence = Pick<BinlogEvidence, "find" | "findBetween" | "gtidsBefore" | "isSubset">;
