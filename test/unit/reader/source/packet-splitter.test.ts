import { crc32 } from "node:zlib";
import { SeededRandom } from "@binlog-router/local-aws/seeded-random";
import { expect, test } from "vitest";
import { PacketOrderError, PacketSplitter } from "../../../../reader/source/packet-splitter.ts";

// PACKETS_ROUNDS=2000 PACKETS_SEED=1 npx vitest run --project unit packet-splitter
const SEED = Number(process.env["PACKETS_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const ROUNDS = Number(process.env["PACKETS_ROUNDS"] ?? 20);
const LONGEST = 0xff_ff_ff;
const KIB = 1024;

test(
  "random packets, cut and paused at random, arrive whole and in order",
  { timeout: 120_000 + ROUNDS * 200 },
  () => {
    for (let seed = SEED; seed < SEED + ROUNDS; seed++) {
      const random = new SeededRandom(seed);
      const sent = Array.from({ length: random.below(400) }, () => randomPayload(random));
      const sequence = random.below(256);
      const received = receive(random, stream(sent, sequence), sequence);
      expect(received.length, `seed ${seed}`).toBe(sent.length);
      for (const [i, payload] of sent.entries())
        expect(received[i]?.equals(payload), `seed ${seed}, packet ${i}`).toBe(true);
    }
  },
);

test.each([LONGEST - 1, LONGEST, LONGEST + 1, 2 * LONGEST, 2 * LONGEST + 70_000])(
  "a payload of %i bytes arrives as one, and its memory is given back",
  (length) => {
    const large = Buffer.alloc(length, "large");
    const sent = [Buffer.from("before"), large, Buffer.from("after")];
    const received: boolean[] = [];
    const splitter = new PacketSplitter({
      sequence: 254,
      onPacket: (bytes, start, end) =>
        received.push(bytes.subarray(start, end).equals(sent[received.length] ?? NONE)),
      onDisorder: fail,
    });
    const usual = splitter.room.buffer;
    read(splitter, stream(sent, 254), () => 64 * KIB);
    expect(received).toEqual([true, true, true]);
    expect(splitter.room.buffer).toBe(usual);
  },
);

test("reads go into the same memory again and again", () => {
  const buffers = new Set<ArrayBufferLike>();
  const splitter = new PacketSplitter({ sequence: 0, onPacket: () => undefined, onDisorder: fail });
  const bytes = stream(Array<Buffer>(5000).fill(Buffer.alloc(900)), 0);
  read(splitter, bytes, (room) => {
    buffers.add(room.buffer);
    return 64 * KIB;
  });
  expect(buffers.size).toBe(1);
});

test.each([
  ["missing", [1, 3]],
  ["doubled", [1, 1]],
])("a %s packet ends the splitting, and nothing after it is handled", (_, sequences) => {
  const received: string[] = [];
  const errors: PacketOrderError[] = [];
  const splitter = new PacketSplitter({
    sequence: 1,
    onPacket: (bytes, start, end) => received.push(bytes.toString("latin1", start, end)),
    onDisorder: (error) => errors.push(error),
  });
  splitter.append(
    Buffer.concat(sequences.map((sequence) => packet(Buffer.from(`${sequence}`), sequence))),
  );
  splitter.append(packet(Buffer.from("2"), 2));
  expect(received).toEqual(["1"]);
  expect(errors).toEqual([expect.any(PacketOrderError)]);
  expect(errors[0]).toMatchObject({ code: "PROTOCOL_CONNECTION_LOST" });
});

test("what arrives during a pause is handled at its end, in one go", () => {
  const received: string[] = [];
  const splitter = new PacketSplitter({
    sequence: 0,
    onPacket: (bytes, start, end) => received.push(bytes.toString("latin1", start, end)),
    onDisorder: fail,
  });
  splitter.pause();
  const many = Array.from({ length: 9000 }, (_, i) => Buffer.from(String(i).padStart(40, "0")));
  splitter.append(stream(many, 0));
  expect(received).toEqual([]);
  splitter.resume();
  expect(received).toEqual(many.map(String));
});

test("only events whose checksum is right are verified, however they are cut and paused", () => {
  for (let seed = SEED; seed < SEED + ROUNDS; seed++) {
    const random = new SeededRandom(seed);
    const wrong = random.below(2) === 0 ? 0 : 40;
    const sent = Array.from({ length: 400 }, () => event(random, random.below(400) < wrong));
    const received = receive(random, stream(sent, 0), 0, (payload, isVerified) => {
      const isRight = crc32(payload.subarray(1, -4)) === payload.readUInt32LE(payload.length - 4);
      if (isVerified) expect(isRight, `seed ${seed}`).toBe(true);
      if (wrong === 0) expect(isVerified, `seed ${seed}`).toBe(true);
    });
    expect(received.length, `seed ${seed}`).toBe(sent.length);
  }
});

test("an event in several packets is not verified, even if one packet ends like an event", () => {
  const random = new SeededRandom(SEED);
  const end = event(random, false);
  const sent = [Buffer.concat([Buffer.alloc(LONGEST, 0), end]), event(random, false)];
  const verified: boolean[] = [];
  const splitter = new PacketSplitter({
    sequence: 0,
    onPacket: (_, __, ___, isVerified) => verified.push(isVerified),
    onDisorder: fail,
  });
  splitter.append(stream(sent, 0));
  expect(verified).toEqual([false, true]);
});

/** Receives the stream through a splitter that is paused and resumed at random. */
function receive(
  random: SeededRandom,
  bytes: Buffer,
  sequence: number,
  look: (payload: Buffer, isVerified: boolean) => void = () => undefined,
): Buffer[] {
  const received: Buffer[] = [];
  let isPaused = false;
  const splitter = new PacketSplitter({
    sequence,
    onPacket: (from, start, end, isVerified) => {
      if (isPaused) throw new Error("a packet during a pause");
      look(from.subarray(start, end), isVerified);
      received.push(Buffer.from(from.subarray(start, end)));
      from.fill(0xdb, start, end);
      const choice = random.below(20);
      isPaused = choice === 0;
      if (choice <= 1) splitter.pause();
      if (choice === 1) splitter.resume();
    },
    onDisorder: fail,
  });
  const size = random.below(2) === 0 ? 300 : 100 * KIB;
  read(splitter, bytes, () => {
    while (isPaused && random.below(4) > 0) resume();
    return 1 + random.below(size);
  });
  while (isPaused) resume();
  return received;

  function resume(): void {
    isPaused = false;
    splitter.resume();
  }
}

/**
 * Gives the splitter the bytes, as many at once as `count` says; each third time from elsewhere.
 */
function read(splitter: PacketSplitter, bytes: Buffer, count: (room: Buffer) => number): void {
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const { room } = splitter;
    if (room.length === 0) throw new Error("no room");
    const next = bytes.subarray(at, at + count(room));
    if (turn % 3 === 2) {
      splitter.append(next);
      at += next.length;
    } else {
      const copied = next.copy(room);
      splitter.filled(copied);
      at += copied;
    }
  }
}

function randomPayload(random: SeededRandom): Buffer {
  const longest = [1, 40, 8 * KIB, 300 * KIB][random.below(40) === 0 ? 3 : random.below(3)] ?? 0;
  const payload = Buffer.alloc(random.below(longest));
  for (let i = 0; i < payload.length; i += 1 + (payload.length >> 6))
    payload[i] = random.below(256);
  return payload;
}

/** A zero and an event's bytes with their checksum, which may be wrong. */
function event(random: SeededRandom, isWrong: boolean): Buffer {
  const payload = Buffer.alloc(24 + random.below(2 * KIB));
  for (let i = 1; i < payload.length; i += 7) payload[i] = random.below(256);
  payload.writeUInt32LE(crc32(payload.subarray(1, -4)), payload.length - 4);
  const at = 1 + random.below(payload.length - 1);
  if (isWrong) payload[at] = (payload[at] ?? 0) ^ (1 + random.below(255));
  return payload;
}

/** The payloads as a server sends them. */
function stream(payloads: readonly Buffer[], first: number): Buffer {
  let sequence = first;
  const packets = payloads.flatMap((payload) => {
    const parts: Buffer[] = [];
    for (let at = 0; at <= payload.length; at += LONGEST)
      parts.push(packet(payload.subarray(at, at + LONGEST), sequence++));
    return parts;
  });
  return Buffer.concat(packets);
}

function packet(payload: Buffer, sequence: number): Buffer {
  const header = Buffer.alloc(4);
  header.writeUIntLE(payload.length, 0, 3);
  header[3] = sequence & 0xff;
  return Buffer.concat([header, payload]);
}

function fail(error: Error): never {
  throw error;
}

const NONE = Buffer.alloc(0);
