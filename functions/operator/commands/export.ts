import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { finished } from "node:stream/promises";
import { payloadBucket } from "../../aws/payload-bucket.ts";
import { batchMessages } from "../../delivery/message-batch.ts";
import { bodyStore } from "../../failures/body-store.ts";
import type { ParkedRecord } from "../../failures/parked.ts";
import { streamText, type Stream } from "../../failures/stream.ts";
import { time } from "../render.ts";
import { parkedRecords, troubledStreams } from "../streams.ts";
import { namedStream, type CommandContext } from "./context.ts";

/** Writes every parked record of the streams named (all, when none is) as a line of JSON, row data included, to a file or the output. */
export async function exportCommand(
  context: CommandContext,
  names: readonly string[],
  { output }: { readonly output?: string },
): Promise<void> {
  const { target, progress } = context;
  const bodies = bodyStore(payloadBucket(target.s3, target.payloadBucket));
  const file = output === undefined ? process.stdout : createWriteStream(output, { mode: 0o600 });
  let written = 0;
  for (const stream of await chosenStreams(context, names)) {
    for await (const record of parkedRecords(target, stream, { bodies: true })) {
      const line = `${JSON.stringify(exported(record, await bodies.load(record.body)))}\n`;
      if (!file.write(line)) await once(file, "drain");
      progress(`${++written} records`);
    }
  }
  progress("");
  if (output === undefined) return;
  file.end();
  await finished(file);
  context.print(`${written} records were written to ${output}.`);
}

async function chosenStreams(context: CommandContext, names: readonly string[]): Promise<Stream[]> {
  if (names.length === 0) {
    return (await troubledStreams(context.target)).map(({ stream }) => stream);
  }
  const states = await Promise.all(names.map((name) => namedStream(context, name)));
  return states.map(({ stream }) => stream);
}

/** `messages` for a queue's stream, as the queue would get them; else `text`, a frame or what came instead of one. */
function exported({ stream, key, trouble, count, parkedAt }: ParkedRecord, body: string) {
  return {
    stream: streamText(stream),
    position: key,
    ...trouble,
    changes: count,
    parkedAt: time(parkedAt),
    ...(stream.kind === "queue" ? { messages: batchMessages(body) } : { text: body }),
  };
}
