import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { finished } from "node:stream/promises";
import { payloadBucket } from "../../../functions/aws/payload-bucket.ts";
import { batchMessages } from "../../../functions/delivery/message-batch.ts";
import { bodyStore } from "../../../functions/failures/body-store.ts";
import type { ParkedRecord, StreamState } from "../../../functions/failures/parked.ts";
import { streamText } from "../../../functions/failures/stream.ts";
import { bodyOf, describeRecord } from "../record.ts";
import { parkedRecords, troubledStreams } from "../streams.ts";
import { namedStream, type CommandContext } from "./context.ts";

/** Writes every parked record of the streams named (all, when none is) as a line of JSON, row data included, to a file or the output. */
export async function exportCommand(
  context: CommandContext,
  names: readonly string[],
  { output }: { readonly output?: string },
): Promise<void> {
  const { target, progress, print, json } = context;
  const bodies = bodyStore(payloadBucket(target.s3, target.payloadBucket));
  const file = output === undefined ? process.stdout : createWriteStream(output, { mode: 0o600 });
  let written = 0;
  for (const state of await chosenStreams(context, names)) {
    let head = true;
    for await (const record of parkedRecords(target, state.stream, { bodies: true })) {
      const exported = {
        stream: streamText(state.stream),
        ...describeRecord(record, state, head),
        ...content(record, await bodyOf(bodies, record)),
      };
      if (!file.write(`${JSON.stringify(exported)}\n`)) await once(file, "drain");
      progress(`${++written} records`);
      head = false;
    }
  }
  progress("");
  if (output === undefined) return;
  file.end();
  await finished(file);
  if (json) return print(JSON.stringify({ output, records: written }, null, 2));
  print(`${written} records were written to ${output}.`);
}

async function chosenStreams(
  context: CommandContext,
  names: readonly string[],
): Promise<StreamState[]> {
  if (names.length === 0) return await troubledStreams(context.target);
  return await Promise.all(names.map((name) => namedStream(context, name)));
}

/**
 * `messages` for a queue's stream, as the queue would get them; else `text`, a frame or what came instead of one; neither
 * when it is not there any more.
 */
function content({ stream }: ParkedRecord, body: string | null) {
  if (body === null) return {};
  return stream.kind === "queue" ? { messages: batchMessages(body) } : { text: body };
}
