import { formatStartPoint, type StartPoint } from "../../config/start-point.ts";
import { BinlogPurgedError, SourceSettingError } from "../reporting/errors.ts";
import { DUMP_LIMIT } from "../source/binlog-dump.ts";
import type { ServerState } from "../source/server-state.ts";
import { type Beginning, behindGtids, gtidModeOff, requireHistory, unread } from "./beginning.ts";
import { type BinlogEvidence, FIRST_EVENT } from "./evidence.ts";
import { firstAnchor } from "./first-anchor.ts";
import { refuseHidden } from "./hidden-transactions.ts";
import type { Life } from "./life.ts";

/**
 * The beginning of a source that was never read or that an operator starts anew, in a new life.
 *
 * @param lastRead the GTID of the last transaction that was read, if the start is behind it and one
 *   more transaction
 * @param vouched the names of the errors that an operator has answered (see `resume`)
 */
export async function firstBeginning(
  start: StartPoint,
  life: Life,
  state: ServerState,
  evidence: Omit<BinlogEvidence, "stands">,
  lastRead: string | null = null,
  vouched: ReadonlySet<string> = new Set(),
): Promise<Beginning> {
  if (start.kind === "file" && start.offset >= DUMP_LIMIT)
    throw beyondDumps(start, placesInstead(start.file));
  const at = async (file: string, offset: number, gtidSet: string | null): Promise<Beginning> => ({
    offset: {
      ...life,
      ...unread(state),
      gtidSet,
      file,
      offset,
      begunAt: { file, offset },
      isExact: true,
      anchor: await firstAnchor(file, gtidSet, state, evidence),
    },
    start: { kind: "file", file, offset },
    isResumed: false,
  });
  switch (start.kind) {
    case "now":
      if (state.offset >= DUMP_LIMIT)
        throw beyondDumps(start, "Run FLUSH BINARY LOGS: the reader then begins at the next file.");
      return at(state.file, state.offset, state.gtids ? state.gtidExecuted : null);
    case "oldest":
      return at(state.oldestFile, FIRST_EVENT, state.gtids ? state.gtidPurged : null);
    case "file":
      if (!state.files.includes(start.file))
        throw new BinlogPurgedError(`${start.file}:${start.offset}`, state.oldestFile);
      return at(
        start.file,
        start.offset,
        state.gtids ? await evidence.gtidsBefore(start.file, start.offset) : null,
      );
    case "gtid": {
      if (!state.gtids) throw gtidModeOff(state);
      const { gtidSet } = start;
      await requireHistory(gtidSet, state, evidence);
      const isRead = lastRead !== null && (await evidence.isSubset(lastRead, state.gtidExecuted));
      const readTo = isRead ? await evidence.find(lastRead) : null;
      const isVouched = vouched.has("AnonymousTransactionsError");
      const searchedTo = await refuseHidden(readTo, gtidSet, state, evidence, isVouched);
      const anchor = await firstAnchor(state.oldestFile, gtidSet, state, evidence);
      const known = { ...life, ...unread(state), gtidSet, searchedTo };
      return behindGtids(known, anchor, state);
    }
    default:
      return start satisfies never;
  }
}

function beyondDumps(start: StartPoint, remedy: string): SourceSettingError {
  const why = "the binlog's offset there is beyond 4 GiB, where the server begins no dump";
  return new SourceSettingError("start", formatStartPoint(start), why, remedy);
}

/** Says where to begin instead of at an offset of a file that is beyond 4 GiB. */
export function placesInstead(file: string): string {
  return `\`npm run offsets -- set --file ${file}:4\` loses nothing: what was delivered of this file comes again. With GTIDs, \`--gtid\` with those that were read neither loses nor repeats anything. At the beginning of the next file, transactions that follow in this one are skipped.`;
}
