import type { StartPoint } from "../../config/start-point.ts";
import type { ServerState } from "../source/server-state.ts";
import { namesAtAnyTime } from "../statements/saved-names.ts";
import type { Beginning } from "./beginning.ts";
import { dueXa } from "./due-xa.ts";
import type { BinlogEvidence } from "./evidence.ts";
import { firstBeginning } from "./first-beginning.ts";
import { newLife } from "./life.ts";
import type { OffsetStore } from "./offset-store.ts";
import { inTable, resume } from "./resume-offset.ts";
import { ownRunsAtStart, ownRunsBehindGap } from "./runs-at-start.ts";

interface FindOptions {
  readonly store: Pick<OffsetStore, "load" | "madeMs">;
  /** Where a source begins that was never read. */
  readonly start: StartPoint;
  readonly state: ServerState;
  readonly evidence: BinlogEvidence;
}

/**
 * Finds where an attempt begins: at the saved offset, at the start that an operator ordered, or,
 * where the source was never read, at the configured start. Throws OperatorError.
 */
export async function findBeginning(options: FindOptions): Promise<Beginning> {
  const { store, state, evidence } = options;
  const { offset: saved, newStart, vouched } = await store.load();
  const tableMadeMs = await store.madeMs();
  if (saved !== null) {
    return inTable(await resume(saved, state, evidence, vouched), tableMadeMs);
  }
  if (newStart === null) {
    const begin = await firstBeginning(options.start, newLife(0), state, evidence, null, vouched);
    // The sessions table may be older than the offsets table.
    const offset = { ...begin.offset, ownRuns: ownRunsBehindGap(begin, state, undefined) };
    return inTable({ ...begin, offset }, tableMadeMs);
  }
  const { start, lanes, laneCount, lastRead, isPast } = newStart;
  // What is read again may have tables under former names.
  const names = start.kind === "now" ? newStart.names : namesAtAnyTime(newStart.names);
  // The life that `offsets set` ordered has not begun. A restored offsets table may order it a
  // second time, on a server with other coordinates.
  const life = newLife(newStart.epoch - 1);
  // The anchor of a first start is not a transaction that was read.
  const readTo = isPast && lastRead?.begunS === null ? lastRead.gtid : null;
  const begin = await firstBeginning(start, life, state, evidence, readTo, vouched);
  const ownRuns = await ownRunsAtStart(newStart, begin, state, evidence);
  const keptXa = await dueXa(newStart, begin.offset, state, evidence);
  const offset = {
    ...begin.offset,
    ownRuns,
    lanes,
    laneCount,
    names,
    keptXa,
    anewSince: life.epoch,
  };
  return inTable({ ...begin, offset }, tableMadeMs);
}
