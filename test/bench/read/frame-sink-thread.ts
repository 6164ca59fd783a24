import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { parentPort, workerData } from "node:worker_threads";
import { unpackFrame } from "../../../wire/frame-body.ts";
import type { ArrivedFrame, SinkData, SinkReport } from "./frame-sink.ts";

/**
 * A raw queue that acknowledges every frame at once and only keeps its bytes. It looks into the
 * frames when none has come for QUIET_MS, because the reader shares the processor with it.
 */
const QUIET_MS = 500;

const port = parentPort;
if (port === null) throw new Error("started as a worker");
const { withTimes } = workerData as SinkData;
const ANSWER = JSON.stringify({ MessageId: "0", MD5OfMessageBody: "" });

let kept: { readonly request: readonly Buffer[]; readonly atMs: number }[] = [];
let isBusy = false;
let counting = Promise.resolve();
const quiet = setTimeout(() => {
  counting = counting.then(count);
}, QUIET_MS);

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const atMs = performance.timeOrigin + performance.now();
    response.writeHead(200, { "content-type": "application/x-amz-json-1.0" }).end(ANSWER);
    kept.push({ request: chunks, atMs });
    quiet.refresh();
    if (!isBusy) report({ kind: "busy" });
    isBusy = true;
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () => port.postMessage((server.address() as AddressInfo).port));

/** Counts what is kept, also frames that arrive meanwhile. */
async function count(): Promise<void> {
  if (kept.length === 0) return;
  const frames: ArrivedFrame[] = [];
  while (kept.length > 0) {
    const waiting = kept;
    kept = [];
    for (const { request, atMs } of waiting) frames.push({ ...(await changesOf(request)), atMs });
  }
  isBusy = false;
  report({ kind: "counted", frames });
}

/** Looks at the lines of a frame after its header. */
async function changesOf(request: readonly Buffer[]): Promise<Omit<ArrivedFrame, "atMs">> {
  const { MessageBody } = JSON.parse(Buffer.concat(request).toString()) as {
    readonly MessageBody: string;
  };
  const text = await unpackFrame(MessageBody);
  let changes = 0;
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) changes++;
  const times = withTimes ? text.matchAll(/"written_us":(\d+)/g) : [];
  return { changes, writtenUs: Array.from(times, ([, us]) => Number(us)) };
}

function report(what: SinkReport): void {
  port?.postMessage(what);
}
