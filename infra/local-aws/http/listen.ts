import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { LocalClock } from "../time/clock.ts";
import type { AwsRequest, AwsResponse, AwsService } from "./aws-service.ts";
import { RequestCounter } from "./counters.ts";
import type { Faults } from "./faults.ts";
import { perform } from "./perform.ts";
import { PortInUseError } from "./port-in-use-error.ts";
import { serve } from "./serve.ts";

export interface ListenOptions {
  /** The address on which the service listens. */
  readonly address: string;
  /** The address in the service's URL. */
  readonly host: string;
  /** 0: the system chooses a free port. */
  readonly port: number;
  readonly faults: Faults;
  readonly clock: LocalClock;
}

/** A listening service. Disposing closes its connections. */
export interface Endpoint extends AsyncDisposable {
  /** `http://host:port` */
  readonly url: string;
  readonly counter: RequestCounter;
  /** Performs a request without a connection, counted and struck by faults like every other. */
  perform(request: AwsRequest, gone: AbortSignal): Promise<AwsResponse | "reset">;
}

/**
 * Longer than any client keeps an idle connection, so that the server never closes a connection
 * that a client is about to reuse.
 */
const KEEP_ALIVE_MS = 10 * 60_000;

/**
 * Serves a service over HTTP, with faults, counters and the control endpoint. Throws
 * PortInUseError.
 */
export async function listen(
  serviceAt: (url: string) => AwsService,
  options: ListenOptions,
): Promise<Endpoint> {
  const counter = new RequestCounter();
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS, requestTimeout: 0 });
  server.listen(options.port, options.address);
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
    // Rejects only when the client closed the connection before it got its answer.
    served.catch(() => outgoing.destroy());
  });
  return {
    url,
    counter,
    perform: (request, gone) =>
      perform(service, { faults: options.faults, counter }, request, {
        gone,
        sinceMs: performance.now(),
      }),
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
