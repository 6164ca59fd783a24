import { payloadBucket } from "../../aws/payload-bucket.ts";
import { bodyStore } from "../../failures/body-store.ts";
import type { ParkedRecord } from "../../failures/parked.ts";
import { streamText } from "../../failures/stream.ts";
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
  const records: (ParkedRecord & { readonly text?: string })[] = [];
  for await (const record of parkedRecords(target, state.stream, { bodies: body })) {
    records.push(body ? { ...record, text: await bodies.load(record.body) } : record);
    if (records.length === limit) break;
  }
  const described = records.map(({ key, trouble, count, bytes, parkedAt, text }) => ({
    position: key,
    ...trouble,
    changes: count,
    bytes,
    parkedAt: time(parkedAt),
    ...(text !== undefined && { body: text }),
  }));
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
  if (json) return print(JSON.stringify({ ...summary, records: described }, null, 2));
  for (const [field, value] of Object.entries(summary)) print(`${field.padEnd(14)} ${value ?? ""}`);
  print(
    table(
      ["first position", "reason", "changes", "bytes", "parked at"],
      described.map((record) => [
        record.position.split("/")[0] ?? "",
        record.reason,
        record.changes,
        record.bytes,
        record.parkedAt,
      ]),
    ),
  );
  for (const { body: content } of described) if (content !== undefined) print(content);
}
