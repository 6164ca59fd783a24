import {
  BinlogPurgedError,
  HistoryMismatchError,
  SourceSettingError,
} from "../reporting/errors.ts";
import type { DumpStart } from "../source/binlog-dump.ts";
import type { ServerState } from "../source/server-state.ts";
import type { StartPoint } from "../../config/start-point.ts";
import { describeOffset, type Offset } from "./offset.ts";

/** Whether every GTID of the first set is in the second one. */
export type IsSubset = (subset: string, set: string) => Promise<boolean>;

/** The offset of a source that was never read, or that an operator starts anew in a later epoch. */
export function firstOffset(start: StartPoint, epoch: number, state: ServerState): Offset {
  const common = { epoch, server: state.uuid, run: null, lanes: new Map(), committedMs: 0 };
  if (start.kind === "now") {
    return {
      ...common,
      gtidSet: state.gtids ? state.gtidExecuted : null,
      file: state.file,
      offset: state.offset,
    };
  }
  const oldest = { file: state.oldestFile, offset: FIRST_EVENT };
  if (start.kind === "oldest")
    return { ...common, gtidSet: state.gtids ? state.gtidPurged : null, ...oldest };
  // On a server with GTIDs, too, reading goes on by file and offset from there.
  if (start.kind === "file")
    return { ...common, gtidSet: null, file: start.file, offset: start.offset };
  if (!state.gtids) throw gtidModeOff(state);
  return { ...common, gtidSet: start.gtidSet, ...oldest };
}

/**
 * The offset to go on from on this server, in its coordinates. Throws BinlogPurgedError, HistoryMismatchError, or
 * SourceSettingError when the server cannot go on from there without a gap.
 */
export async function resumeOffset(
  saved: Offset,
  state: ServerState,
  isSubset: IsSubset,
): Promise<Offset> {
  if (saved.gtidSet === null) return resumeByFile(saved, state);
  if (!state.gtids) throw gtidModeOff(state);
  if (!(await isSubset(saved.gtidSet, state.gtidExecuted))) {
    throw new HistoryMismatchError(saved.gtidSet, state.gtidExecuted);
  }
  if (!(await isSubset(state.gtidPurged, saved.gtidSet))) {
    throw new BinlogPurgedError(saved.gtidSet, `${state.oldestFile} (purged: ${state.gtidPurged})`);
  }
  if (saved.server === state.uuid) return saved;
  // Another server of the topology: its files and offsets, and its thread ids, have nothing to do with the former one's.
  return {
    ...saved,
    epoch: saved.epoch + 1,
    server: state.uuid,
    run: null,
    file: state.oldestFile,
    offset: FIRST_EVENT,
  };
}

function resumeByFile(saved: Offset, state: ServerState): Offset {
  if (saved.server !== state.uuid)
    throw new HistoryMismatchError(describeOffset(saved), `as server ${state.uuid}`);
  if (!state.files.includes(saved.file))
    throw new BinlogPurgedError(describeOffset(saved), state.oldestFile);
  return saved;
}

/** What to ask the server for. */
export function dumpStart(offset: Offset): DumpStart {
  return offset.gtidSet === null
    ? { kind: "file", file: offset.file, offset: offset.offset }
    : { kind: "gtid", gtidSet: offset.gtidSet };
}

/** The first event of a file starts behind its magic number. */
const FIRST_EVENT = 4;

function gtidModeOff(state: ServerState): SourceSettingError {
  return new SourceSettingError(
    "gtid_mode",
    "not ON",
    `the offset is a GTID set, and ${state.uuid} has none`,
    "Turn gtid_mode ON, or start anew with `npm run offsets -- set --now`.",
  );
}
