import { crc32 } from "node:zlib";
import { SeededRandom } from "@binlog-router/local-aws/seeded-random";
import { expect, test } from "vitest";
import { JointChecksum } from "../../../../reader/source/joint-checksum.ts";

const NONE = Buffer.alloc(0);
const SEED = Math.floor(Math.random() * 2 ** 31);

test("verifies all events of whole packets, and leaves every byte as it was", () => {
  for (let seed = SEED; seed < SEED + 50; seed++) {
    const random = new SeededRandom(seed);
    const packets = Array.from({ length: 1 + random.below(20) }, () => packet(event(random)));
    const before = Buffer.alloc(random.below(9), 0xee);
    const cut = random.below(24);
    const bytes = Buffer.concat([before, ...packets, packet(event(random)).subarray(0, cut)]);
    const original = Buffer.from(bytes);
    const verified = new JointChecksum().verify(bytes, before.length, bytes.length);
    expect(verified, `seed ${seed}`).toBe(bytes.length - cut);
    expect(bytes.equals(original), `seed ${seed}`).toBe(true);
  }
});

test("one wrong bit in any event, and none of them is verified", () => {
  const random = new SeededRandom(SEED);
  const packets = Array.from({ length: 4 }, () => packet(event(random)));
  const bytes = Buffer.concat(packets);
  let start = 0;
  for (const one of packets) {
    for (let bit = 40; bit < one.length * 8; bit++) {
      const at = start + (bit >> 3);
      const mask = 1 << (bit & 7);
      bytes[at] = (bytes[at] ?? 0) ^ mask;
      const damaged = Buffer.from(bytes);
      const verified = new JointChecksum().verify(bytes, 0, bytes.length);
      expect(verified, `seed ${SEED}, bit ${bit} of the packet at ${start}`).toBe(0);
      expect(bytes.equals(damaged), `seed ${SEED}`).toBe(true);
      bytes[at] = (bytes[at] ?? 0) ^ mask;
    }
    start += one.length;
  }
  expect(new JointChecksum().verify(bytes, 0, bytes.length)).toBe(bytes.length);
});

test("several wrong events do not make up for each other", () => {
  const random = new SeededRandom(SEED);
  for (let round = 0; round < 1000; round++) {
    const packets = Array.from({ length: 2 + random.below(4) }, () => packet(event(random)));
    const first = random.below(packets.length - 1);
    const second = first + 1 + random.below(packets.length - 1 - first);
    const damage = DAMAGES[round % DAMAGES.length];
    damage?.(random, [packets[first] ?? NONE, packets[second] ?? NONE]);
    const isRight = packets.every(
      (one) => crc32(one.subarray(5, -4)) === one.readUInt32LE(one.length - 4),
    );
    const bytes = Buffer.concat(packets);
    const original = Buffer.from(bytes);
    const verified = new JointChecksum().verify(bytes, 0, bytes.length);
    expect(verified, `seed ${SEED}, round ${round}`).toBe(isRight ? bytes.length : 0);
    expect(bytes.equals(original), `seed ${SEED}, round ${round}`).toBe(true);
  }
});

test("of very many packets it verifies the first ones, and then those behind them", () => {
  const one = packet(event(new SeededRandom(SEED)));
  const bytes = Buffer.concat(Array.from({ length: 2500 }, () => one));
  const original = Buffer.from(bytes);
  const checksum = new JointChecksum();
  const ends = [0];
  while ((ends.at(-1) ?? 0) < bytes.length && ends.length < 5)
    ends.push(checksum.verify(bytes, ends.at(-1) ?? 0, bytes.length));
  expect(ends.map((end) => end / one.length)).toEqual([0, 1024, 2048, 2500]);
  expect(bytes.equals(original)).toBe(true);
});

test.each([
  ["a packet without an event", Buffer.from([0xfe, 0, 0, 2, 0])],
  ["an event that is too short for a checksum", Buffer.alloc(20)],
  ["the beginning of an event that continues in the next packet", Buffer.alloc(0xff_ff_ff)],
])("stops before %s", (_, payload) => {
  const random = new SeededRandom(SEED);
  const first = packet(event(random));
  const bytes = Buffer.concat([first, packet(payload), first]);
  expect(new JointChecksum().verify(bytes, 0, bytes.length)).toBe(first.length);
});

test("after events without checksums it verifies again, in time", () => {
  const checksum = new JointChecksum();
  const bytes = packet(event(new SeededRandom(SEED)));
  const without = packet(Buffer.alloc(40));
  expect(checksum.verify(without, 0, without.length)).toBe(0);
  const answers = Array.from({ length: 200 }, () => checksum.verify(bytes, 0, bytes.length));
  expect(answers[0]).toBe(0);
  expect(answers.at(-1)).toBe(bytes.length);
});

/** The payload of a packet: a zero, and an event's bytes with their checksum. */
function event(random: SeededRandom): Buffer {
  const body = Buffer.from(Array.from({ length: 19 + random.below(60) }, () => random.below(256)));
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32LE(crc32(body));
  return Buffer.concat([Buffer.alloc(1), body, checksum]);
}

function packet(payload: Buffer): Buffer {
  const header = Buffer.alloc(4, 0x5a);
  header.writeUIntLE(payload.length, 0, 3);
  return Buffer.concat([header, payload]);
}

/** What may become of two packets' events. */
const DAMAGES: readonly ((random: SeededRandom, both: readonly [Buffer, Buffer]) => void)[] = [
  (random, both) => {
    for (const one of both) invert(one, 5 + random.below(one.length - 5), 1 << random.below(8));
  },
  (random, both) => {
    const behind = 5 + random.below(19);
    const mask = 1 + random.below(255);
    for (const one of both) invert(one, one.length - behind, mask);
  },
  (random, both) => {
    const mask = 1 + random.below(2 ** 31);
    for (const one of both)
      one.writeInt32LE(one.readInt32LE(one.length - 4) ^ mask, one.length - 4);
  },
  (_, [first, second]) => {
    const checksum = Buffer.from(first.subarray(-4));
    second.copy(first, first.length - 4, second.length - 4);
    checksum.copy(second, second.length - 4);
  },
  (_, both) => {
    for (const one of both) one.fill(0, 5);
  },
];

function invert(bytes: Buffer, at: number, mask: number): void {
  bytes[at] = (bytes[at] ?? 0) ^ mask;
}
