import { randomUUID } from "node:crypto";
import { binlogFileNumber } from "../../../wire/binlog-file.ts";
import { environmentQueueName } from "../../../wire/names.ts";
import { parsePosition } from "../../../wire/position.ts";
import { CommandError, sentence } from "../../shared/command-error.ts";
import type { StackContext } from "../../shared/command.ts";
import type { Bounds } from "../../stretch/bounds.ts";
import { readStretch } from "../../stretch/read-stretch.ts";
import { changesOf } from "../../stretch/table-list.ts";
import type { TracedServer } from "../../stretch/traced-server.ts";
import type { TracedSource } from "../../stretch/traced-source.ts";
import {
  type Replay,
  ReplayItems,
  type ReplayProgress,
  type ReplayState,
  TakenOverError,
} from "./replay-items.ts";
import { partMaker, replaySender } from "./send-stretch.ts";
import { plural } from "../../shared/render.ts";

export interface ReplayContext {
  readonly context: Pick<StackContext, "target" | "progress">;
  readonly source: TracedSource;
  readonly server: TracedServer;
  readonly signal: AbortSignal;
}

/**
 * Sends the rest of a replay's stretch, until its end or until an operator pauses it, and returns
 * the final state. The progress is recorded after each part. A part that was sent and not recorded
 * is sent again with the same messages. SQS (within five minutes) and the client's records
 * recognise them as duplicates. Throws CommandError.
 */
export async function runReplay(
  { context: { target, progress }, source, server, signal }: ReplayContext,
  replay: Replay,
  owner: string,
): Promise<Replay> {
  const { id, subscriber, environment, tables } = replay;
  const items = new ReplayItems(target);
  const partOf = await partMaker(target, source, { subscriber, environment }, id);
  const send = replaySender(target, environmentQueueName(source.name, subscriber, environment));
  const stop = new AbortController();
  let inexact = "";
  let reached: ReplayProgress = replay;
  const end = async (state: ReplayState, reason = ""): Promise<Replay> => {
    progress("");
    await items.advance(id, owner, reached, state, reason);
    return { ...replay, ...reached, state, reason };
  };
  try {
    await readStretch({
      target,
      source,
      server,
      bounds: boundsOf(replay, server),
      wants: changesOf(tables, server.state.lowerCaseNames),
      async onFrames(frames) {
        if (stop.signal.aborted || signal.aborted) return;
        const { messages, changes, unknown, last } = await partOf(frames);
        await send(messages);
        reached = {
          done: last,
          messages: reached.messages + messages.length,
          changes: reached.changes + changes,
          unknown: reached.unknown + unknown,
        };
        const wanted = await items.advance(id, owner, reached);
        progress(
          `${plural(reached.changes, "change")} sent in ${plural(reached.messages, "message")}`,
        );
        if (wanted !== "run") stop.abort();
      },
      onUnknownXa: ({ xid, file, offset }) => {
        throw new UnfitStretchError(
          `the XA transaction ${xid}, committed at ${file}:${offset}, was prepared before the stretch: begin at an earlier binlog file`,
        );
      },
      onSetBack: (note) => {
        inexact = note;
        stop.abort();
      },
      signal: AbortSignal.any([stop.signal, signal]),
    });
    if (inexact !== "") throw new UnfitStretchError(inexact);
  } catch (cause) {
    if (cause instanceof TakenOverError) throw cause;
    try {
      await end("stopped", sentence(cause));
    } catch (error) {
      if (error instanceof TakenOverError) throw error;
      // The state stays "running", as after a killed process. The replay can be resumed.
    }
    const next =
      cause instanceof UnfitStretchError
        ? `cancel it, and start another one`
        : `npm run replay -- resume ${id} continues it`;
    throw new CommandError(`the replay ${id} stopped: ${sentence(cause)}; ${next}`, { cause });
  }
  return await end(stop.signal.aborted || signal.aborted ? "paused" : "complete");
}

/** The stretch cannot be sent as it was ordered, however often the replay is resumed. */
class UnfitStretchError extends CommandError {
  override readonly name = "CommandError";
}

/** A unique name by which this process owns a replay. */
export function newOwner(): string {
  return `${process.pid}-${randomUUID()}`;
}

/**
 * The bounds to read. A resumed replay also reads from the first file of the stretch, so that it
 * knows the same authors and XA transactions as an uninterrupted one. If that file is purged, it
 * reads from the oldest file. Throws CommandError when the replay's positions belong to another
 * life, or when the file that it must continue in is purged.
 */
function boundsOf({ id, bounds, done, epoch, life }: Replay, server: TracedServer): Bounds {
  const { offset, isSameLife, state } = server;
  if (offset === null || offset.epoch !== epoch || offset.life !== life)
    throw new CommandError(
      `the replay ${id} was begun in an earlier life of the binlog's coordinates: cancel it, and start another one`,
    );
  if (!isSameLife)
    throw new CommandError(
      `the reader's offset does not belong to this server's binlog: resume the replay ${id} when the reader goes on in it`,
    );
  const first = binlogFileNumber(bounds.file);
  const last = done === null ? first : parsePosition(done).file;
  const file = state.files.find((each) => binlogFileNumber(each) >= first);
  if (file === undefined || binlogFileNumber(file) > last)
    throw new CommandError(
      `the server no longer has the binlog file that the replay ${id} had reached; its oldest is ${state.oldestFile}`,
    );
  return { ...bounds, file, after: done };
}
