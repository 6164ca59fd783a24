import { FIRST_EVENT } from "../../reader/offsets/evidence.ts";
import type { Offset } from "../../reader/offsets/offset.ts";
import { isEarlier } from "../../reader/offsets/own-runs.ts";
import { DUMP_LIMIT } from "../../reader/source/binlog-dump.ts";
import type { ServerState } from "../../reader/source/server-state.ts";
import { filesOfOneName } from "../../reader/transactions/known-files.ts";
import type { Bounds } from "./bounds.ts";
import type { TracedServer } from "./traced-server.ts";

/** Where reading starts. */
export type ReadFrom = Pick<Bounds, "file" | "offset">;

/**
 * Where the reader has not read up to the stretch, reading starts at its saved offset: what it has
 * recorded of a connection ends there, and another user may have registered since. A reader that
 * has stopped may have met something that ends a stretch, too, so that is not read.
 */
export function fromRecorded<From extends ReadFrom>(
  from: From,
  server: Pick<TracedServer, "isSameLife" | "hasStopped"> & {
    readonly offset: Pick<Offset, "file" | "offset" | "isExact"> | null;
    readonly state: Pick<ServerState, "files">;
  },
): From {
  const { offset, state, isSameLife, hasStopped } = server;
  if (offset === null || !isSameLife || hasStopped || !isBeyond(from, offset, state)) return from;
  const { file, offset: at } = offset;
  return { ...from, file, offset: at < DUMP_LIMIT ? at : FIRST_EVENT };
}

/** Whether reading starts behind what the reader has read. */
export function isBeyond(
  { file, offset = FIRST_EVENT }: ReadFrom,
  saved: Pick<Offset, "file" | "offset" | "isExact">,
  { files }: Pick<ServerState, "files">,
): boolean {
  if (!saved.isExact) return false;
  const ahead = filesOfOneName(files.slice(Math.max(0, files.indexOf(saved.file))));
  return ahead.includes(file) && isEarlier(saved, { file, offset }, files);
}
