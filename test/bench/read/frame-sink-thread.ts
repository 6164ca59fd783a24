import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { parentPort } from "node:worker_threads";
import { unpackFrame } from "../../../wire/frame-body.ts";
import type { SinkReport } from "./frame-sink.ts";

/** A raw queue that acknowledges every frame at once and counts the frame's changes afterwards. */
const port = parentPort;
if (port === null) throw new Error("started as a worker");
const ANSWER = JSON.stringify({ MessageId: "0", MD5OfMessageBody: "" });

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const atMs = performance.timeOrigin + performance.now();
    response.writeHead(200, { "content-type": "application/x-amz-json-1.0" }).end(ANSWER);
    void report(Buffer.concat(chunks), atMs);
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () => port.postMessage((server.address() as AddressInfo).port));

async function report(request: Buffer, atMs: number): Promise<void> {
  const { MessageBody: body } = JSON.parse(request.toString()) as { readonly MessageBody: string };
  const lines = (await unpackFrame(body)).split("\n").length;
  const sink: SinkReport = { changes: lines - 1, bytes: body.length, atMs };
  port?.postMessage(sink);
}
