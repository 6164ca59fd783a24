import { payloadBucket } from "../../../functions/aws/payload-bucket.ts";
import { bodyStore } from "../../../functions/failures/body-store.ts";
import { streamText } from "../../../functions/failures/stream.ts";
import { bodyOf, describeRecord, type DescribedRecord } from "../record.ts";
import { table, time } from "../render.ts";
import { parkedRecords } from "../streams.ts";
import { namedStream, type CommandContext } from "./context.ts";

export interface ShowOptions {
  /** How many records at most. */
  readonly limit: number;
  /** Also what the records hold: row data. */
  readonly body: boolean;
}

/** Shows one stream's state and its first records. */
export async function showCommand(
  context: CommandContext,
  name: string,
  { limit, body }: ShowOptions,
): Promise<void> {
  const { target, print, json } = context;
  const state = await namedStream(context, name);
  const bodies = bodyStore(payloadBucket(target.s3, target.payloadBucket));
  const records: (DescribedRecord & { readonly body?: string | null })[] = [];
  for await (const record of parkedRecords(target, state.stream, { bodies: body })) {
    const described = describeRecord(record, state, records.length === 0);
    records.push(body ? { ...described, body: await bodyOf(bodies, record) } : described);
    if (records.length >= limit) break;
  }
  const summary = {
    stream: streamText(state.stream),
    status: state.status,
    ...state.trouble,
    attempts: state.attempts,
    openedAt: time(state.openedAt),
    lastFailureAt: time(state.lastFailureAt),
    nextAttemptAt: state.status === "open" ? time(state.nextAttemptAt) : null,
    tail: state.tail,
  };
  if (json) return print(JSON.stringify({ ...summary, records }, null, 2));
  for (const [field, value] of Object.entries(summary)) print(`${field.padEnd(14)} ${value ?? ""}`);
  print(
    table(
      [
        "first position",
        "reason",
        "changes",
        "bytes",
        "parked at",
        "attempts",
        "last failure",
        "next attempt",
      ],
      records.map((record) => [
        record.position.split("/")[0] ?? "",
        record.reason,
        record.changes,
        record.bytes,
        record.parkedAt,
        record.attempts,
        record.lastFailureAt,
        record.nextAttemptAt ?? "",
      ]),
    ),
  );
  for (const { body: content } of records) {
    if (content !== undefined) print(content ?? "(what this record holds is not there any more)");
  }
}
