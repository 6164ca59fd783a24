import { GtidSet } from "@vlasky/zongji";
import type { PositionText } from "../../wire/position.ts";
import type { Progress } from "../frames/offset-ledger.ts";
import type { Offset } from "./offset.ts";

/** The offset after some more transactions, and after what each lane was sent. */
export function advanceOffset(
  offset: Offset,
  progress: Progress,
  lanes: ReadonlyMap<number, PositionText>,
): Offset {
  return {
    ...offset,
    run: progress.run,
    gtidSet: offset.gtidSet === null ? null : union(offset.gtidSet, progress.gtids),
    file: progress.file,
    offset: progress.offset,
    lanes,
    committedMs: progress.committedMs,
  };
}

function union(set: string, more: string): string {
  return GtidSet.parse([set, more].filter((text) => text !== "").join(",")).toString();
}
