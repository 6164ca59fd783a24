import type { StreamState } from "../../../functions/failures/parked.ts";
import { streamText } from "../../../functions/failures/stream.ts";
import { forEachLimited } from "../../../functions/ground/concurrency.ts";
import { distance, table, time } from "../render.ts";
import { parkedRecords, troubledStreams } from "../streams.ts";
import type { CommandContext } from "./context.ts";

/** A stream as `list` shows it. Times are ISO 8601. */
interface ListedStream {
  readonly stream: string;
  readonly status: StreamState["status"];
  readonly reason: string;
  readonly error: string;
  readonly records: number;
  readonly changes: number;
  readonly attempts: number;
  readonly openedAt: string;
  readonly lastFailureAt: string;
  readonly nextAttemptAt: string | null;
}

/** Shows the streams that wait: what they wait for, since when, and how much is parked. */
export async function listCommand(context: CommandContext): Promise<void> {
  const { target, print, progress, json } = context;
  const states = await troubledStreams(target);
  const listed = new Map<StreamState, ListedStream>();
  await forEachLimited(states, 8, async (state) => {
    listed.set(state, await describe(context, state));
    progress(`${listed.size} of ${states.length} streams`);
  });
  progress("");
  const streams = states.flatMap((state) => listed.get(state) ?? []);
  if (json) return print(JSON.stringify(streams, null, 2));
  if (streams.length === 0) return print("Nothing is parked.");
  const now = Date.now();
  print(
    table(
      ["stream", "status", "reason", "changes", "records", "since", "attempts", "next attempt"],
      streams.map((stream) => [
        stream.stream,
        stream.status,
        stream.reason,
        stream.changes,
        stream.records,
        distance(Date.parse(stream.openedAt), now),
        stream.attempts,
        stream.nextAttemptAt === null ? "" : distance(Date.parse(stream.nextAttemptAt), now),
      ]),
    ),
  );
  for (const { stream, error } of streams) if (error !== "") print(`${stream}: ${error}`);
}

async function describe({ target }: CommandContext, state: StreamState): Promise<ListedStream> {
  let records = 0;
  let changes = 0;
  for await (const record of parkedRecords(target, state.stream, { bodies: false })) {
    records++;
    changes += record.count;
  }
  return {
    stream: streamText(state.stream),
    status: state.status,
    ...state.trouble,
    records,
    changes,
    attempts: state.attempts,
    openedAt: time(state.openedAt),
    lastFailureAt: time(state.lastFailureAt),
    nextAttemptAt: state.status === "dead" ? null : time(state.nextAttemptAt),
  };
}
