import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import type { AwsCall, AwsRequest, AwsResponse, AwsService, CallContext } from "./aws-service.ts";
import { controlAnswer, type Controls } from "./control-endpoint.ts";
import { faultError } from "./fault-effects.ts";

/**
 * Answers one request, with the effects of faults. Rejects when the client closes the connection
 * before its request is complete or during a `delay`.
 */
export async function serve(
  service: AwsService,
  controls: Controls,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const gone = new AbortController();
  outgoing.on("close", () => {
    if (!outgoing.writableFinished) gone.abort();
  });
  const reply = (response: AwsResponse): void => {
    if (!gone.signal.aborted) send(outgoing, response);
  };
  const request = await readRequest(incoming);
  const control = controlAnswer(request, service.name, controls);
  if (control !== undefined) return reply(control);

  const call = service.open(request);
  controls.counter.add(call.action, call.resource);
  const { effects, failedEntry } = controls.faults.strike(service.name, call.action, call.resource);
  let signal = gone.signal;
  for (const effect of effects) {
    if (effect.kind === "delay") await delay(effect.ms, undefined, { signal });
    if (effect.kind === "late") {
      await delay(effect.ms, undefined, { ref: false });
      // The call is performed even if the client has closed the connection.
      signal = new AbortController().signal;
    }
    if (effect.kind === "error") return reply(call.refuse(faultError(effect)));
    if (effect.kind === "reset" && effect.when !== "after") return reset(incoming);
  }
  const response = await answer(call, { signal, failedEntry });
  if (effects.some((effect) => effect.kind === "reset")) return reset(incoming);
  reply(response);
}

/**
 * The service's answer. A defect of the stand-in becomes an answer too, so that the client's error
 * shows it.
 */
async function answer(call: AwsCall, context: CallContext): Promise<AwsResponse> {
  try {
    return await call.answer(context);
  } catch (error) {
    const message = `the stand-in failed: ${error instanceof Error ? error.message : "the thrown value is not an Error"}`;
    return call.refuse({ code: "InternalFailure", status: 500, message });
  }
}

async function readRequest(incoming: IncomingMessage): Promise<AwsRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk);
  return {
    method: incoming.method ?? "",
    url: incoming.url ?? "/",
    headers: incoming.headers,
    body: chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks),
  };
}

function send(outgoing: ServerResponse, response: AwsResponse): void {
  const length = { "content-length": Buffer.byteLength(response.body) };
  outgoing.writeHead(response.status, {
    "x-amzn-requestid": randomUUID(),
    ...length,
    ...response.headers,
  });
  outgoing.end(response.body);
}

/** Ends a connection with TCP's RST, like a crashed peer. */
function reset(incoming: IncomingMessage): void {
  incoming.socket.resetAndDestroy();
}
