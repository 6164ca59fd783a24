import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { parentPort } from "node:worker_threads";
import type { SinkReport } from "./frame-sink.ts";

/**
 * A raw queue that acknowledges every frame at once and forgets it. Lines of a frame are counted by their line feeds, which
 * JSON writes as two characters; the rows of the benchmark have none.
 */
const port = parentPort;
if (port === null) throw new Error("started as a worker");
const LINE_FEED = Buffer.from("\\n");
const ANSWER = JSON.stringify({ MessageId: "0", MD5OfMessageBody: "" });

const server = createServer((request, response) => {
  let changes = 0;
  let bytes = 0;
  let rest = Buffer.alloc(0);
  request.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    const data = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    for (let at = data.indexOf(LINE_FEED); at >= 0; at = data.indexOf(LINE_FEED, at + 2)) changes++;
    rest = data.at(-1) === LINE_FEED[0] ? Buffer.from(data.subarray(-1)) : Buffer.alloc(0);
  });
  request.on("end", () => {
    response.writeHead(200, { "content-type": "application/x-amz-json-1.0" }).end(ANSWER);
    const report: SinkReport = { changes, bytes, atMs: performance.timeOrigin + performance.now() };
    port.postMessage(report);
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () => port.postMessage((server.address() as AddressInfo).port));
