import { AnonymousTransactionsError } from "../reporting/errors.ts";
import type { ServerState } from "../source/server-state.ts";
import type { Anchor } from "../transactions/transaction.ts";
import { type BinlogEvidence, FIRST_EVENT } from "./evidence.ts";

type Place = Pick<Anchor, "file" | "start">;

/**
 * Throws if a dump behind the GTIDs would pass over transactions behind `readTo` that have no GTID,
 * because they were written while `gtid_mode` was off. Such a dump begins with the latest
 * file before which nothing was executed but the GTIDs, and there transactions without one do not
 * count. If it meets one in that file or a later one, the server refuses it.
 *
 * @param readTo null when it is not known: then it is the last transaction of the GTIDs before the
 *   file with which the dump begins
 * @param isVouched an operator has confirmed that the transactions without a GTID were read
 * @returns the file with which the dump begins
 */
export async function refuseHidden(
  readTo: Place | null,
  gtidSet: string,
  { files }: Pick<ServerState, "files">,
  evidence: HiddenEvidence,
  isVouched: boolean,
): Promise<string> {
  const { hasAnonymous } = evidence;
  const earliest = readTo === null ? 0 : Math.max(files.indexOf(readTo.file), 0);
  const begins = await dumpBegins(gtidSet, files, evidence, earliest);
  if (!isVouched) {
    const from = readTo ?? (await lastTransaction(files.slice(0, begins), evidence));
    // Where the file is purged, all others follow it.
    const first = Math.max(files.indexOf(from?.file ?? ""), 0);
    for (const file of files.slice(first, begins)) {
      const start = file === from?.file ? from.start : FIRST_EVENT;
      if (await hasAnonymous(file, start))
        throw new AnonymousTransactionsError(file, files[first] ?? file);
    }
  }
  return files[begins] ?? "";
}

/**
 * The index of the file with which the server begins a dump behind the GTIDs: the latest one before
 * which nothing was executed but them. At least `earliest`. What was executed before a file was
 * executed before all later ones, too, so few of them need be asked: it looks back from the last
 * file in longer and longer steps, and then halves the last step.
 */
export async function dumpBegins(
  gtidSet: string,
  files: readonly string[],
  { isSubset, gtidsBefore }: Pick<BinlogEvidence, "isSubset" | "gtidsBefore">,
  earliest = 0,
): Promise<number> {
  const isRead = async (index: number): Promise<boolean> =>
    index <= earliest || isSubset(await gtidsBefore(files[index] ?? "", FIRST_EVENT), gtidSet);
  let beyond = files.length;
  let begins = beyond - 1;
  while (!(await isRead(begins))) [begins, beyond] = [begins - 2 * (beyond - begins), begins];
  begins = Math.max(begins, earliest);
  while (beyond - begins > 1) {
    const middle = (begins + beyond) >> 1;
    if (await isRead(middle)) begins = middle;
    else beyond = middle;
  }
  return begins;
}

/** The last transaction with a GTID in the files; null when there is none. */
async function lastTransaction(
  files: readonly string[],
  { lastGtidIn }: Pick<BinlogEvidence, "lastGtidIn">,
): Promise<Place | null> {
  for (const file of files.toReversed()) {
    const start = await lastGtidIn(file);
    if (start !== null) return { file, start };
  }
  return null;
}

type HiddenEvidence = Pick<
  BinlogEvidence,
  "isSubset" | "gtidsBefore" | "hasAnonymous" | "lastGtidIn"
>;
