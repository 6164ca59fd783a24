import { AnonymousTransactionsError } from "../reporting/errors.ts";
import type { ServerState } from "../source/server-state.ts";
import type { Anchor } from "../transactions/transaction.ts";
import { type BinlogEvidence, FIRST_EVENT } from "./evidence.ts";

/**
 * Throws if a dump behind the GTIDs would pass over transactions behind `readTo` that have no GTID,
 * because they were written while `gtid_mode` was off. Such a dump begins with the latest
 * file before which nothing was executed but the GTIDs, and there transactions without one do not
 * count. If it meets one in a later file, the server refuses it.
 */
export async function refuseHidden(
  readTo: Pick<Anchor, "file" | "start">,
  gtidSet: string,
  { files }: Pick<ServerState, "files">,
  { isSubset, gtidsBefore, hasAnonymous }: HiddenEvidence,
): Promise<void> {
  const behind = files.slice(files.indexOf(readTo.file));
  let begins = behind.length - 1;
  while (
    begins > 0 &&
    !(await isSubset(await gtidsBefore(behind[begins] ?? "", FIRST_EVENT), gtidSet))
  )
    begins--;
  for (const file of behind.slice(0, begins)) {
    const from = file === readTo.file ? readTo.start : FIRST_EVENT;
    if (await hasAnonymous(file, from)) throw new AnonymousTransactionsError(file, readTo.file);
  }
}

type HiddenEvidence = Pick<BinlogEvidence, "isSubset" | "gtidsBefore" | "hasAnonymous">;
