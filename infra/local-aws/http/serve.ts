import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AwsRequest, AwsResponse, AwsService } from "./aws-service.ts";
import { controlAnswer, type Controls } from "./control-endpoint.ts";
import { perform } from "./perform.ts";
import { RequestBody } from "./request-body.ts";

/**
 * Answers one request, with the effects of faults. Called when its headers have arrived. Rejects
 * when the client closes the connection before its request is complete or while a fault delays the
 * answer.
 */
export async function serve(
  service: AwsService,
  controls: Controls,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const sinceMs = performance.now();
  const gone = new AbortController();
  outgoing.on("close", () => {
    if (!outgoing.writableFinished) gone.abort();
  });
  const request = await readRequest(incoming);
  const response =
    controlAnswer(request, service.name, controls) ??
    (await perform(service, controls, request, { gone: gone.signal, sinceMs }));
  if (response === "reset") reset(incoming);
  else if (!gone.signal.aborted) send(outgoing, response);
}

async function readRequest(incoming: IncomingMessage): Promise<AwsRequest> {
  return {
    method: incoming.method ?? "",
    url: incoming.url ?? "/",
    headers: incoming.headers,
    body: await bodyOf(incoming),
  };
}

/** Listens to the events: iterating over a stream takes several times as long. */
function bodyOf(incoming: IncomingMessage): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const body = new RequestBody(Number(incoming.headers["content-length"] ?? 0));
  incoming.on("data", (chunk: Buffer) => body.add(chunk));
  incoming.once("end", () => resolve(body.whole()));
  incoming.once("error", reject);
  // Every request closes in the end, and making an error takes some 5 % of an answer's time.
  incoming.once("close", () => {
    if (!incoming.complete) reject(new Error("the client closed the connection"));
  });
  return promise;
}

function send(outgoing: ServerResponse, response: AwsResponse): void {
  const { status, headers, body, written } = response;
  const parts = typeof body === "string" || body instanceof Uint8Array ? [body] : body;
  const length = parts.reduce((sum, part) => sum + Buffer.byteLength(part), 0);
  outgoing.writeHead(status, {
    "x-amzn-requestid": randomUUID(),
    "content-length": length,
    ...headers,
  });
  // All parts in one call of the system.
  outgoing.cork();
  for (const part of parts.slice(0, -1)) outgoing.write(part);
  outgoing.end(parts.at(-1), written);
}

/** Ends a connection with TCP's RST, like a crashed peer. */
function reset(incoming: IncomingMessage): void {
  incoming.socket.resetAndDestroy();
}
