import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

interface Target {
  readonly host: string;
  readonly port: number;
}

/** A TCP proxy that can disturb its connections, as networks do. */
export class TcpProxy implements AsyncDisposable {
  readonly #server: Server;
  #targets: readonly Target[];
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  /** Includes sockets whose counterpart is closed: while one is open, the server cannot close. */
  readonly #open = new Set<Socket>();
  #refusing = false;
  #held = false;
  #damage: Damage | null = null;
  #holdAt: string | null = null;
  #pace: Pace | null = null;
  #change = (request: Buffer): Buffer => request;

  private constructor(server: Server, target: Target) {
    this.#server = server;
    this.#targets = [target];
    server.on("connection", (socket) => this.#onConnection(socket));
  }

  static async listen(target: Target): Promise<TcpProxy> {
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

  /** Resets all open connections. */
  cut(): void {
    for (const pair of this.#pairs) for (const socket of pair) socket.resetAndDestroy();
  }

  /**
   * Connects new connections to another target, as an address does after a failover, or to several
   * in turn.
   */
  leadTo(...targets: readonly [Target, ...Target[]]): void {
    this.#targets = targets;
  }

  /** `true`: resets new connections, until it is called with `false`. */
  refuse(refusing: boolean): void {
    this.#refusing = refusing;
  }

  /**
   * `true`: passes nothing on in either direction, but closes nothing, until called with `false`.
   */
  hold(held: boolean): void {
    this.#held = held;
    for (const socket of [...this.#pairs].flat()) {
      if (held) socket.pause();
      else socket.resume();
    }
  }

  /** Holds as soon as the target sends `where` within a chunk, which is not passed on. */
  holdAt(where: string): void {
    this.#holdAt = where;
  }

  /** From now on passes on what the target sends in pieces, with a wait after each. */
  slowDown(pieceBytes: number, waitMs: number): void {
    this.#pace = { pieceBytes, waitMs };
  }

  /** From now on passes on to the target what `change` returns for each chunk of a client. */
  changeRequests(change: (request: Buffer) => Buffer): void {
    this.#change = change;
  }

  /**
   * Flips one bit of what the target sends, once: `at` bytes after the beginning of the first
   * `where` in a chunk (with an empty `where`: of the chunk). Resolves when that chunk is passed
   * on.
   */
  async damage(where: string, at: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#damage = { where: Buffer.from(where), at, onDone: resolve };
    await promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#refusing = true;
    const closed = once(this.#server, "close");
    this.#server.close();
    for (const socket of this.#open) socket.resetAndDestroy();
    await closed;
  }

  #onConnection(client: Socket): void {
    if (this.#refusing) {
      client.resetAndDestroy();
      return;
    }
    const [target, ...others] = this.#targets;
    if (target === undefined) throw new Error("the proxy has no target");
    this.#targets = [...others, target];
    const upstream = connect(target);
    const pair = [client, upstream] as const;
    this.#pairs.add(pair);
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      this.#open.add(from);
      from.on("close", () => this.#open.delete(from));
      from.setNoDelay(true);
      from.on("data", (data) => {
        if (from === upstream) this.#damageIn(data);
        if (from === upstream && this.#holdAt !== null && data.includes(this.#holdAt))
          this.hold(true);
        else if (from === upstream && this.#pace !== null)
          void passSlowly(data, from, to, this.#pace);
        else if (!to.write(from === client ? this.#change(data) : data)) from.pause();
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

  #damageIn(data: Buffer): void {
    if (this.#damage === null) return;
    const { where, at, onDone } = this.#damage;
    const found = data.indexOf(where);
    const place = found + at;
    if (found < 0 || place < 0 || place >= data.length) return;
    data[place] = (data[place] ?? 0) ^ FLIPPED_BIT;
    this.#damage = null;
    onDone();
  }
}

/** Does not read on before the last piece is passed on. */
async function passSlowly(data: Buffer, from: Socket, to: Socket, pace: Pace): Promise<void> {
  from.pause();
  for (let at = 0; at < data.length && !to.destroyed; at += pace.pieceBytes) {
    to.write(data.subarray(at, at + pace.pieceBytes));
    await delay(pace.waitMs);
  }
  from.resume();
}

interface Pace {
  readonly pieceBytes: number;
  readonly waitMs: number;
}

interface Damage {
  readonly where: Buffer;
  readonly at: number;
  readonly onDone: () => void;
}

const FLIPPED_BIT = 0x10;
