import { connect, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { ConnectionOptions } from "mysql2";
import type { PacketSplitter } from "./packet-splitter.ts";
import { ReadTurns } from "./read-turns.ts";

/** The size of the buffer for the answers before the dump, bytes. */
const ANSWERS_BYTES = 16 * 1024;

interface Destination {
  /** null: mysql2 receives the bytes. */
  splitter: PacketSplitter | null;
}

/** The sockets of `openSocket`. */
const destinations = new WeakMap<Duplex, Destination>();

/**
 * Opens a connection without TLS as mysql2 does, for its option `stream`. The socket reads into a
 * given buffer. Other sockets make a new buffer of 64 KiB for each read. V8 counts these, and
 * collects its whole heap more often.
 */
export function openSocket(options: ConnectionOptions): Socket {
  const { host, port = 3306, enableKeepAlive, keepAliveInitialDelay } = options;
  const answers = Buffer.allocUnsafeSlow(ANSWERS_BYTES);
  const destination: Destination = { splitter: null };
  const socket: Socket = connect({
    ...(host !== undefined && { host }),
    port,
    noDelay: true,
    keepAlive: enableKeepAlive === true,
    ...(keepAliveInitialDelay !== undefined && { keepAliveInitialDelay }),
    onread: {
      buffer: () => destination.splitter?.room ?? answers,
      callback: (count, buffer) => {
        const { splitter } = destination;
        if (splitter === null) return socket.push(Buffer.from(answers.subarray(0, count)));
        if (buffer === answers) splitter.append(answers.subarray(0, count));
        else splitter.filled(count);
        // Where the dump begins paused, the socket begins to read all the same.
        return !splitter.isPaused && turns.goesOn(count, () => resume(socket, splitter));
      },
    },
  });
  const turns = new ReadTurns();
  destinations.set(socket, destination);
  return socket;
}

/** From now on `splitter` receives the stream's bytes, and mysql2 none. */
export function divert(stream: Duplex, splitter: PacketSplitter): void {
  const destination = destinations.get(stream);
  if (destination !== undefined) {
    destination.splitter = splitter;
    return;
  }
  const turns = new ReadTurns();
  stream.removeAllListeners("data");
  stream.on("data", (bytes: Buffer) => {
    splitter.append(bytes);
    if (!turns.goesOn(bytes.length, () => resume(stream, splitter))) stream.pause();
  });
}

function resume(stream: Duplex, splitter: PacketSplitter): void {
  if (!splitter.isPaused) stream.resume();
}
