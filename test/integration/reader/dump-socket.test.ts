import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { Duplex } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import { divert, openSocket } from "../../../reader/source/dump-socket.ts";
import { PacketSplitter } from "../../../reader/source/packet-splitter.ts";

const PACKETS = 4000;
const PAYLOAD_BYTES = 1000;
const PACKET_BYTES = 4 + PAYLOAD_BYTES;
const READ_BYTES = 64 * 1024;
const TURN_BYTES = 256 * 1024;

test("a socket whose dump begins paused is not read until it is resumed", async () => {
  await using server = createServer((peer) => {
    peer.on("error", () => undefined);
    peer.once("data", () => peer.write("an answer"));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const connected = once(server, "connection") as Promise<[Socket]>;
  const { port } = server.address() as AddressInfo;
  await using socket = openSocket({ host: "127.0.0.1", port });
  let received = 0;
  const all = Promise.withResolvers<void>();
  const splitter = new PacketSplitter({
    sequence: 0,
    onPacket: () => {
      if (++received === PACKETS) all.resolve();
    },
    onDisorder: all.reject,
  });
  socket.once("data", () => {
    divert(socket, splitter);
    splitter.pause();
    socket.pause();
  });
  socket.write("a question");
  const [peer] = await connected;
  await once(socket, "pause");

  peer.write(packets());
  for (let turns = 0; turns < 200; turns++) await turn();
  expect(socket.bytesRead).toBeLessThan(2 * READ_BYTES);

  splitter.resume();
  socket.resume();
  // The event loop goes on between reads, although more bytes wait.
  let most = 0;
  for (let before = 0; received < PACKETS; before = received) {
    await turn();
    most = Math.max(most, received - before);
  }
  expect(most * PACKET_BYTES).toBeLessThan(TURN_BYTES + 2 * READ_BYTES);
  await all.promise;
});

test("a stream that has more than the event loop's turn is paused for it", async () => {
  let received = 0;
  const all = Promise.withResolvers<void>();
  const splitter = new PacketSplitter({
    sequence: 0,
    onPacket: () => {
      if (++received === PACKETS) all.resolve();
    },
    onDisorder: all.reject,
  });
  // As with TLS, several reads come in one turn.
  const stream = new Duplex({ read: () => undefined, write: () => undefined });
  divert(stream, splitter);
  await turn();
  const bytes = packets();
  for (let at = 0; at < bytes.length; at += READ_BYTES)
    stream.push(bytes.subarray(at, at + READ_BYTES));
  expect(received * PACKET_BYTES).toBeLessThan(TURN_BYTES + READ_BYTES);

  // What is paused meanwhile stays so, or the bytes would pile up in memory.
  splitter.pause();
  const unread = stream.readableLength;
  await turn();
  await turn();
  expect(stream.readableLength).toBe(unread);
  splitter.resume();
  stream.resume();
  await all.promise;
});

function packets(): Buffer {
  const bytes = Buffer.alloc(PACKETS * PACKET_BYTES);
  for (let i = 0, at = 0; i < PACKETS; i++, at += PACKET_BYTES) {
    bytes.writeUIntLE(PAYLOAD_BYTES, at, 3);
    bytes.writeUInt8(i & 0xff, at + 3);
  }
  return bytes;
}
