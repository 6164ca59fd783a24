import type { ServerState } from "../source/server-state.ts";
import type { Anchor } from "../transactions/transaction.ts";
import type { BinlogEvidence } from "./evidence.ts";

/** The maximum number of GTIDs of one server that are searched for; each takes a dump. */
const LATEST_TRIED = 5;

/**
 * An anchor for a first start: the file's first event, with the latest transaction of the set, by
 * which other servers are recognised.
 */
export async function firstAnchor(
  file: string,
  gtidSet: string | null,
  { uuid }: ServerState,
  evidence: Pick<BinlogEvidence, "find" | "beginningOf">,
): Promise<Anchor | null> {
  let found: Anchor | null = null;
  for (const gtid of gtidSet === null
    ? []
    : [...latestOf(uuid, gtidSet), ...latestOfOthers(uuid, gtidSet)]) {
    found = await evidence.find(gtid);
    if (found !== null) break;
  }
  const beginning = await evidence.beginningOf(file);
  if (found === null || beginning === null) return beginning;
  // The transaction may be in an older file, which may be purged before anything else is read.
  return { ...beginning, gtid: found.gtid, committedUs: found.committedUs };
}

/**
 * The latest GTIDs of a server in a set, one for each tag, the busiest tags first. Each tag has a
 * separate numbering, so the set does not show which transaction was the last, and that of a former
 * user may be purged.
 */
export function latestOf(uuid: string, gtidSet: string): string[] {
  const entry = gtidSet.split(",").find((part) => part.toLowerCase().startsWith(`${uuid}:`));
  const latest = new Map<string, bigint>();
  let source = uuid;
  for (const part of entry?.slice(uuid.length + 1).split(":") ?? []) {
    if (/^\d/.test(part)) latest.set(source, BigInt(part.split("-").at(-1) ?? part));
    else source = `${uuid}:${part}`;
  }
  return [...latest]
    .sort(([, a], [, b]) => (a < b ? 1 : -1))
    .slice(0, LATEST_TRIED)
    .map(([tagged, number]) => `${tagged}:${number}`);
}

/**
 * Like `latestOf`, for the other servers of the set. Needed when this server has written nothing
 * yet, as after a failover or restore.
 */
function latestOfOthers(uuid: string, gtidSet: string): string[] {
  const others = gtidSet.split(",").map((entry) => entry.slice(0, entry.indexOf(":")));
  return others
    .filter((other) => other !== "" && other.toLowerCase() !== uuid)
    .flatMap((other) => latestOf(other.toLowerCase(), gtidSet))
    .slice(0, LATEST_TRIED);
}
