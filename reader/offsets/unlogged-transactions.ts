import { UnloggedTransactionsError } from "../reporting/errors.ts";
import type { ServerState } from "../source/server-state.ts";
import type { BinlogEvidence } from "./evidence.ts";
import { joinGtidSets } from "./offset-saver.ts";
import { describeOffset, type Offset } from "./offset.ts";

/**
 * Throws if the server has executed transactions that no binlog file contains and that were not
 * read. Every dump passes over them. Whatever `gtid_purged` contains of purged files that were read
 * is in the offset's GTIDs, and so is what was in no file when the source was begun. So what it has
 * beyond these was lost from the binlog: in a crash of the server's machine with `sync_binlog`
 * other than 1, or the server executed it without a binlog. A GTID set that an operator has added
 * to `gtid_purged` looks the same.
 *
 * @param isVouched an operator has confirmed that the reader is to go on without them
 * @returns the offset; its GTIDs contain those that an operator has confirmed
 */
export async function refuseUnlogged(
  saved: Offset,
  state: Pick<ServerState, "uuid" | "gtidPurged" | "logsReplicated">,
  { subtract }: Pick<BinlogEvidence, "subtract">,
  isVouched: boolean,
): Promise<Offset> {
  if (saved.gtidSet === null) return saved;
  const unlogged = await subtract(withoutBinlog(state), saved.gtidSet);
  if (unlogged === "") return saved;
  if (!isVouched) throw new UnloggedTransactionsError(describeOffset(saved), unlogged);
  return { ...saved, gtidSet: joinGtidSets(saved.gtidSet, unlogged) };
}

/**
 * What a replica applies without logging it grows all the time, and the reader never delivers it.
 * Then only the server's own transactions count.
 */
function withoutBinlog({
  uuid,
  gtidPurged,
  logsReplicated,
}: Pick<ServerState, "uuid" | "gtidPurged" | "logsReplicated">): string {
  if (logsReplicated) return gtidPurged;
  return gtidPurged.split(",").find((source) => source.toLowerCase().startsWith(`${uuid}:`)) ?? "";
}
