import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** A TCP proxy that can break what goes through it, as networks do. */
export class TcpProxy implements AsyncDisposable {
  readonly #server: Server;
  #target: { readonly host: string; readonly port: number };
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  #refusing = false;
  #held = false;

  private constructor(server: Server, target: { host: string; port: number }) {
    this.#server = server;
    this.#target = target;
    server.on("connection", (socket) => this.#onConnection(socket));
  }

  static async listen(target: { host: string; port: number }): Promise<TcpProxy> {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new TcpProxy(server, target);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get connections(): number {
    return this.#pairs.size;
  }

  /** Cuts every open connection with a reset. */
  cut(): void {
    for (const pair of this.#pairs) for (const socket of pair) socket.resetAndDestroy();
  }

  /** Leads new connections elsewhere, as an address does after a failover. */
  leadTo(target: { readonly host: string; readonly port: number }): void {
    this.#target = target;
  }

  /** Resets new connections until told otherwise. */
  refuse(refusing: boolean): void {
    this.#refusing = refusing;
  }

  /** Lets nothing through in either direction, without closing anything, until told otherwise. */
  hold(held: boolean): void {
    this.#held = held;
    for (const socket of [...this.#pairs].flat()) {
      if (held) socket.pause();
      else socket.resume();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, "close");
  }

  #onConnection(client: Socket): void {
    if (this.#refusing) {
      client.resetAndDestroy();
      return;
    }
    const upstream = connect(this.#target);
    const pair = [client, upstream] as const;
    this.#pairs.add(pair);
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      from.setNoDelay(true);
      from.on("data", (data) => {
        if (!to.write(data)) from.pause();
      });
      to.on("drain", () => {
        if (!this.#held) from.resume();
      });
      from.on("end", () => to.end());
      from.on("error", () => to.resetAndDestroy());
      from.on("close", () => this.#pairs.delete(pair));
      if (this.#held) from.pause();
    }
  }
}
