import { once } from "node:events";
import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import type { LocalClock } from "../time/clock.ts";
import type { AwsCall, AwsRequest, AwsResponse, AwsService } from "./aws-service.ts";
import { controlAnswer, type Controls } from "./control-endpoint.ts";
import { RequestCounter } from "./counters.ts";
import { statusOfErrorCode } from "./error-status.ts";
import type { FaultEffect, Faults } from "./faults.ts";
import { PortInUseError } from "./port-in-use-error.ts";

export interface ListenOptions {
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  readonly faults: Faults;
  readonly clock: LocalClock;
}

/** A service that listens. Disposing of it cuts its connections. */
export interface Endpoint extends AsyncDisposable {
  /** `http://host:port` */
  readonly url: string;
  readonly counter: RequestCounter;
}

/** Longer than any client keeps an idle connection, so that it is never the server that closes one just being reused. */
const KEEP_ALIVE_MS = 10 * 60_000;

/** Serves a service over HTTP, with faults, counters and the control endpoint in front. Throws PortInUseError. */
export async function listen(
  serviceAt: (url: string) => AwsService,
  options: ListenOptions,
): Promise<Endpoint> {
  const counter = new RequestCounter();
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS, requestTimeout: 0 });
  server.listen(options.port, options.host);
  try {
    await once(server, "listening");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "EADDRINUSE") throw cause;
    throw new PortInUseError(options.port, { cause });
  }
  const { port } = server.address() as AddressInfo;
  const url = `http://${options.host}:${port}`;
  const service = serviceAt(url);
  server.on("request", (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const served = serve(service, { ...options, counter }, incoming, outgoing);
    // What fails here is the connection: the client went away in the middle of its request or of a delay.
    served.catch(() => outgoing.destroy());
  });
  return {
    url,
    counter,
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function serve(
  service: AwsService,
  controls: Controls,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const gone = new AbortController();
  outgoing.on("close", () => {
    if (!outgoing.writableFinished) gone.abort();
  });
  const request = await readRequest(incoming);
  const control = controlAnswer(request, service.name, controls);
  if (control !== undefined) return send(outgoing, control);

  const call = service.open(request);
  controls.counter.add(call.action, call.resource);
  const effects = controls.faults.strike(service.name, call.action, call.resource);
  for (const effect of effects) {
    if (effect.kind === "delay") await delay(effect.ms, undefined, { signal: gone.signal });
    if (effect.kind === "error") return send(outgoing, call.refuse(errorOf(effect)));
    if (effect.kind === "reset" && effect.when !== "after") return reset(incoming);
  }
  const response = await answer(call, gone.signal);
  if (effects.some((effect) => effect.kind === "reset")) return reset(incoming);
  if (gone.signal.aborted) return response.undelivered?.();
  send(outgoing, response);
}

/** The service's answer. A defect of the stand-in is answered too, so that it shows in the client's error. */
async function answer(call: AwsCall, signal: AbortSignal): Promise<AwsResponse> {
  try {
    return await call.answer(signal);
  } catch (error) {
    const message = `the stand-in failed: ${error instanceof Error ? error.message : "no error"}`;
    return call.refuse({ code: "InternalFailure", status: 500, message });
  }
}

function errorOf(effect: FaultEffect & { kind: "error" }) {
  return {
    code: effect.code,
    status: effect.status ?? statusOfErrorCode(effect.code),
    message: effect.message ?? "a fault that was asked for",
  };
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

/** Ends a connection the way a crashed peer does, with TCP's RST. */
function reset(incoming: IncomingMessage): void {
  incoming.socket.resetAndDestroy();
}
