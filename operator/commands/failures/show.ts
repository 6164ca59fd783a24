import type { Command } from "commander";
import { payloadBucket } from "../../../functions/aws/payload-bucket.ts";
import { bodyStore } from "../../../functions/failures/body-store.ts";
import { streamText } from "../../../functions/failures/stream.ts";
import { bodyOf, describeRecord, type DescribedRecord } from "./record.ts";
import { table, time } from "../../shared/render.ts";
import { type ParkedChanges, parkedChanges } from "./parked-changes.ts";
import { namedStream, parkedRecords } from "./failures-table.ts";
import { onStack, type StackContext, wholeNumber } from "../../shared/command.ts";

type ShownRecord = DescribedRecord & Partial<ParkedChanges> & { readonly body?: string | null };

interface ShowOptions {
  /** The maximum number of records. */
  readonly limit: number;
  /** Shows the bodies of the records too, which contain row data. */
  readonly body: boolean;
}

export function show(failures: Command): void {
  failures
    .command("show <stream>")
    .description("show one stream and its first records")
    .option("--limit <n>", "show at most this many records", wholeNumber, 20)
    .option("--body", "also show the records' contents (row data)", false)
    .action(onStack(showStream));
}

async function showStream(
  { target, report }: StackContext,
  name: string,
  { limit, body }: ShowOptions,
): Promise<void> {
  const state = await namedStream(target, name);
  const bodies = bodyStore(payloadBucket(target.s3, target.payloadBucket));
  const records: ShownRecord[] = [];
  const isThread = state.stream.kind === "thread";
  for await (const record of parkedRecords(target, state.stream, { bodies: body || isThread })) {
    if (records.length >= limit) break;
    const described = describeRecord(record, state, records.length === 0);
    const held = body || isThread ? await bodyOf(bodies, record) : null;
    records.push({
      ...described,
      ...(isThread && held !== null && parkedChanges(held)),
      ...(body && { body: held }),
    });
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
  report({ ...summary, records }, () => showText(summary, records));
}

function showText(
  summary: Readonly<Record<string, string | number | null>>,
  records: readonly ShownRecord[],
): string {
  const bodies = records.flatMap(({ body }) => (body === undefined ? [] : [body]));
  return [
    ...Object.entries(summary).map(([field, value]) => `${field.padEnd(14)} ${value ?? ""}`),
    table(
      [
        "first position",
        "reason",
        "changes",
        "bytes",
        "done with",
        "parked at",
        "attempts",
        "last failure",
        "next attempt",
        "tables",
        "committed",
      ],
      records.map((record) => [
        record.position.split("/")[0] ?? "",
        record.reason,
        record.changes,
        record.bytes,
        record.progress,
        record.parkedAt,
        record.attempts,
        record.lastFailureAt,
        record.nextAttemptAt ?? "",
        record.tables?.join(", ") ?? "",
        record.committedFrom ?? "",
      ]),
    ),
    ...bodies.map((body) => body ?? "(the content of this record no longer exists)"),
  ].join("\n");
}
