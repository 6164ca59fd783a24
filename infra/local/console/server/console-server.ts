import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { refusal } from "./guard.ts";
import { staticFiles, type StaticFile } from "./static-files.ts";

/**
 * Returns what a path answers, sent as JSON; undefined: the server answers 404. When it throws, the
 * server answers 500 with the error's name and message, for the page to show.
 */
export type View = (query: URLSearchParams) => unknown;

const LOOPBACK = "127.0.0.1";
const EVERYWHERE = "0.0.0.0";

/** Where the server listens. */
export interface ConsoleAddress {
  /** 0 chooses a free one. */
  readonly port: number;
  /**
   * The host name by which other machines reach this one; the server then listens on all
   * interfaces. Left out: on the loopback interface only.
   */
  readonly host?: string;
}

const HEADERS = {
  "cache-control": "no-store",
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

/** Serves the page and its views. */
export class ConsoleServer implements AsyncDisposable {
  readonly url: string;
  readonly #server: Server;
  readonly #names: readonly string[];
  readonly #files: ReadonlyMap<string, StaticFile>;
  readonly #views: Readonly<Record<string, View>>;

  private constructor(
    server: Server,
    host: string,
    files: ReadonlyMap<string, StaticFile>,
    views: Readonly<Record<string, View>>,
  ) {
    this.#server = server;
    this.#names = [LOOPBACK, "localhost", host];
    this.url = `http://${host}:${(server.address() as AddressInfo).port}/`;
    this.#files = files;
    this.#views = views;
    server.on("request", (incoming, outgoing) => {
      this.#serve(incoming, outgoing).catch(() => outgoing.destroy());
    });
  }

  static async listen(
    { port, host }: ConsoleAddress,
    views: Readonly<Record<string, View>>,
  ): Promise<ConsoleServer> {
    const files = await staticFiles();
    const server = createServer();
    server.listen(port, host === undefined ? LOOPBACK : EVERYWHERE);
    await once(server, "listening");
    return new ConsoleServer(server, host ?? LOOPBACK, files, views);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async #serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const { method = "", headers, url: target = "/" } = incoming;
    const refused = refusal(method, headers, this.#names);
    if (refused !== null) return send(outgoing, refused.status, "text/plain", refused.text);
    const { pathname, searchParams } = new URL(target, this.url);
    const file = this.#files.get(pathname);
    if (file !== undefined) return send(outgoing, 200, file.type, file.body);
    const view = Object.hasOwn(this.#views, pathname) ? this.#views[pathname] : undefined;
    let value: unknown;
    try {
      value = await view?.(searchParams);
    } catch (error) {
      const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
      return send(outgoing, 500, "text/plain", text);
    }
    if (value === undefined) return send(outgoing, 404, "text/plain", "not found");
    send(outgoing, 200, "application/json", JSON.stringify(value));
  }
}

function send(outgoing: ServerResponse, status: number, type: string, body: string | Buffer): void {
  outgoing.writeHead(status, { ...HEADERS, "content-type": type });
  outgoing.end(body);
}
