import { BinlogInterruptedError, HistoryMismatchError } from "../reporting/errors.ts";
import type { ServerState } from "../source/server-state.ts";
import type { BinlogEvidence } from "./evidence.ts";
import type { Offset } from "./offset.ts";

/**
 * The error for a server that has not executed all that was read.
 *
 * BinlogInterruptedError, so that another attempt follows, while the server is a replica that only
 * has to catch up: it took over, or the address leads to it, before it has applied everything. It
 * can apply what it has received. It may receive the rest while it is connected to its source, if
 * it has executed transactions of the same origins before. The message names the command for a
 * replica that never does: its source lacks them, too, or its relay log is not to be applied.
 *
 * HistoryMismatchError in all other cases. What the server lacks may have been written on it, so it
 * was restored. Or it has the last transaction that was read, which then could not show later
 * whether the missing ones have come, or others under their GTIDs.
 */
export async function lackingHistory(
  { gtidSet, anchor }: { readonly gtidSet: string } & Pick<Offset, "anchor">,
  { uuid, gtidExecuted }: Pick<ServerState, "uuid" | "gtidExecuted">,
  {
    isSubset,
    subtract,
    replication,
  }: Pick<BinlogEvidence, "isSubset" | "subtract" | "replication">,
): Promise<BinlogInterruptedError | HistoryMismatchError> {
  const found = `executed ${gtidExecuted || "nothing"}`;
  const lacking = await subtract(gtidSet, gtidExecuted);
  const origins = originsOf(lacking);
  const last = anchor?.gtid ?? null;
  if (last === null || origins.includes(uuid) || !(await isSubset(last, lacking)))
    return new HistoryMismatchError(gtidSet, found);
  const shared = await subtract(gtidSet, lacking);
  const { received, isReceiving } = await replication();
  const known = originsOf(`${gtidExecuted},${received}`);
  const mayCome = isReceiving && origins.every((origin) => known.includes(origin));
  if (mayCome || (await isSubset(lacking, received)))
    return new BinlogInterruptedError(
      `the server ${uuid} is a replica and has not executed yet what the reader has read: ${lacking}. ${goOnBehind(shared)}`,
    );
  return new HistoryMismatchError(gtidSet, found, shared);
}

function goOnBehind(shared: string): string {
  const remedy = ` If it never will, run \`npm run offsets -- set --gtid ${shared}\`: the reader continues behind what both have.`;
  return `The reader tries again until it has.${shared === "" ? "" : remedy}`;
}

/** The UUIDs of the servers whose transactions a set contains. */
function originsOf(gtidSet: string): readonly string[] {
  const entries = gtidSet.split(",").filter((entry) => entry !== "");
  return entries.map((entry) => entry.slice(0, entry.indexOf(":")).toLowerCase());
}
