import { open } from "node:fs/promises";
import type { Command } from "commander";
import { payloadBucket } from "../../../functions/aws/payload-bucket.ts";
import { readBatchBody } from "../../../functions/delivery/message-batch.ts";
import { bodyStore } from "../../../functions/failures/body-store.ts";
import type { ParkedRecord, StreamState } from "../../../functions/failures/parked.ts";
import { streamText } from "../../../functions/failures/stream.ts";
import { bodyOf, describeRecord } from "./record.ts";
import { namedStream, parkedRecords, troubledStreams, type NamedStream } from "./failures-table.ts";
import { onStack, type StackContext } from "../../shared/command.ts";
import { print } from "../../shared/output.ts";
import type { Target } from "../../shared/target.ts";
import { plural } from "../../shared/render.ts";

export function exportRecords(failures: Command): void {
  failures
    .command("export [streams...]")
    .description("write parked records as lines of JSON, row data included")
    .option("--output <file>", "write to this file instead of standard output")
    .action(onStack(writeRecords));
}

/**
 * Writes every parked record of the named streams, or of all streams when none is named, to a file
 * or to stdout.
 */
async function writeRecords(
  { target, progress, report }: StackContext,
  names: readonly string[],
  { output }: { readonly output?: string },
): Promise<void> {
  const bodies = bodyStore(payloadBucket(target.s3, target.payloadBucket));
  await using file = output === undefined ? null : await open(output, "w", 0o600);
  const write = async (line: string): Promise<void> => {
    if (file === null) await print(line);
    else await file.writeFile(line);
  };
  let written = 0;
  for (const state of await chosenStreams(target, names)) {
    let head = true;
    for await (const record of parkedRecords(target, state.stream, { bodies: true })) {
      const exported = {
        stream: streamText(state.stream),
        ...describeRecord(record, state, head),
        ...content(record, await bodyOf(bodies, record)),
      };
      await write(`${JSON.stringify(exported)}\n`);
      progress(plural(++written, "record"));
      head = false;
    }
  }
  progress("");
  if (output === undefined) return;
  report(
    { output, records: written },
    () => `${plural(written, "record was", "records were")} written to ${output}.`,
  );
}

async function chosenStreams(
  target: Target,
  names: readonly string[],
): Promise<StreamState<NamedStream>[]> {
  if (names.length === 0) return await troubledStreams(target);
  return await Promise.all(names.map((name) => namedStream(target, name)));
}

/**
 * The content of a record: `messages` for a queue's stream, as the queue would receive them.
 * Otherwise `text`, which is a frame or a message that is not a valid frame; a queue's stream has a
 * frame when the router failed to make messages of it. Neither field when the body is gone.
 */
function content({ stream }: ParkedRecord<NamedStream>, body: string | null) {
  if (body === null) return {};
  if (stream.kind !== "queue") return { text: body };
  const parked = readBatchBody(body);
  return parked.kind === "messages" ? { messages: parked.messages } : { text: parked.frame };
}
