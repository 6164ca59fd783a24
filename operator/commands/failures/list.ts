import type { Command } from "commander";
import type { StreamState } from "../../../functions/failures/parked.ts";
import { payloadBucket } from "../../../functions/aws/payload-bucket.ts";
import { bodyStore } from "../../../functions/failures/body-store.ts";
import { type Stream, streamText } from "../../../functions/failures/stream.ts";
import { forEachLimited } from "../../../functions/ground/concurrency.ts";
import { type NamedStream, parkedRecords, troubledStreams } from "./failures-table.ts";
import { type ParkedChanges, parkedChanges } from "./parked-changes.ts";
import { bodyOf } from "./record.ts";
import { onStack, type StackContext } from "../../shared/command.ts";
import { distance, plural, table, time } from "../../shared/render.ts";
import type { Target } from "../../shared/target.ts";

/** A stream in the output of `list`. Times are in ISO 8601. */
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
  /** Set when this release cannot parse the stream's name, and so cannot deliver its records. */
  readonly isUnknown?: true;
  /** A summary of the first record, for a connection without an author. */
  readonly first?: ParkedChanges;
}

export function list(failures: Command): void {
  failures
    .command("list")
    .description("list the streams that wait: why, since when, and with how many changes")
    .action(onStack(listStreams));
}

async function listStreams({ target, report, progress }: StackContext): Promise<void> {
  const states = await troubledStreams(target);
  const listed = new Map<StreamState<NamedStream>, ListedStream>();
  await forEachLimited(states, 8, async (state) => {
    listed.set(state, await describe(target, state));
    progress(`${listed.size} of ${plural(states.length, "stream")}`);
  });
  progress("");
  const streams = states.flatMap((state) => listed.get(state) ?? []);
  report(streams, () => listText(streams, Date.now()));
}

function listText(streams: readonly ListedStream[], now: number): string {
  if (streams.length === 0) return "Nothing is parked.";
  const errors = streams
    .filter(({ error }) => error !== "")
    .map(({ stream, error }) => `${stream}: ${error}`);
  const unknown = streams
    .filter(({ isUnknown }) => isUnknown)
    .map(
      ({ stream }) =>
        `${stream}: this release cannot read the name of this stream; a later release may have written it. Deploy that release again, or export and discard the stream`,
    );
  return [
    table(
      [
        "stream",
        "status",
        "reason",
        "changes",
        "records",
        "since",
        "attempts",
        "next attempt",
        "first changes",
      ],
      streams.map((stream) => [
        stream.stream,
        stream.status,
        stream.reason,
        stream.changes,
        stream.records,
        distance(Date.parse(stream.openedAt), now),
        stream.attempts,
        stream.nextAttemptAt === null ? "" : distance(Date.parse(stream.nextAttemptAt), now),
        stream.first === undefined
          ? ""
          : `${stream.first.tables.join(", ")} at ${stream.first.committedFrom}`,
      ]),
    ),
    ...errors,
    ...unknown,
  ].join("\n");
}

async function describe(target: Target, state: StreamState<NamedStream>): Promise<ListedStream> {
  let records = 0;
  let changes = 0;
  for await (const record of parkedRecords(target, state.stream, { bodies: false })) {
    records++;
    changes += record.count;
  }
  const isUnknown = state.stream.kind === "unknown";
  const first = state.stream.kind === "thread" ? await firstChanges(target, state.stream) : null;
  return {
    stream: streamText(state.stream),
    status: state.status,
    ...state.trouble,
    records,
    changes,
    attempts: state.attempts,
    openedAt: time(state.openedAt),
    lastFailureAt: time(state.lastFailureAt),
    nextAttemptAt: isUnknown || state.status === "dead" ? null : time(state.nextAttemptAt),
    ...(isUnknown && { isUnknown }),
    ...(first !== null && { first }),
  };
}

/** Summarises a connection's first record; null when there is none, or no readable body. */
async function firstChanges(target: Target, stream: Stream): Promise<ParkedChanges | null> {
  const bodies = bodyStore(payloadBucket(target.s3, target.payloadBucket));
  for await (const record of parkedRecords(target, stream, { bodies: true })) {
    const body = await bodyOf(bodies, record);
    return body === null ? null : parkedChanges(body);
  }
  return null;
}
