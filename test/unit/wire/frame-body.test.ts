import { randomBytes } from "node:crypto";
import { promisify } from "node:util";
import { zstdCompress } from "node:zlib";
import { expect, test } from "vitest";
import { MalformedFrameError } from "../../../wire/decode-frame.ts";
import { packFrame, unpackFrame } from "../../../wire/frame-body.ts";
import { ZSTD_OPTIONS } from "../../../wire/zstd-options.ts";

const large = `{"frame":1}\n${'c\t0\t0\t{"note":"ä😀\uFFFE"}\n'.repeat(10_000)}`;

test("a small frame is sent uncompressed, with escapes for the characters that SQS refuses", async () => {
  expect(await packFrame(Buffer.from('{"frame":1}\nc\t{"a":"ä\uFFFE\uFFFF"}'))).toBe(
    '{"frame":1}\nc\t{"a":"ä\\ufffe\\uffff"}',
  );
  expect(await unpackFrame('{"frame":1}')).toBe('{"frame":1}');
});

test("a large frame is sent compressed, in characters that SQS accepts, and is restored unchanged", async () => {
  const body = String(await packFrame(Buffer.from(large)));
  expect(body).toMatch(/^zstd:[A-Za-z0-9+/=]+$/);
  expect(body.length).toBeLessThan(Buffer.byteLength(large) / 20);
  expect(await unpackFrame(body)).toBe(large);
});

test("frames that are compressed at the same time do not depend on each other", async () => {
  // Random digits compress to half, so the largest needs several buffers of output.
  const frames = [large, randomBytes(2 << 20).toString("hex"), large, large.slice(7)];
  const bodies = await Promise.all(
    frames.map((frame) => packFrame(Buffer.from(frame)).then(String)),
  );
  for (const [i, frame] of frames.entries()) {
    const alone = await promisify(zstdCompress)(frame, ZSTD_OPTIONS);
    expect(bodies[i]).toBe(`zstd:${alone.toString("base64")}`);
    expect(await unpackFrame(bodies[i] ?? "")).toBe(frame);
  }
});

test("a body that is damaged anywhere is refused", async () => {
  const body = String(await packFrame(Buffer.from(large)));
  for (const at of [6, 20, Math.floor(body.length / 2), body.length - 6]) {
    const damaged = body.slice(0, at) + (body[at] === "A" ? "B" : "A") + body.slice(at + 1);
    await expect(unpackFrame(damaged)).rejects.toThrow(MalformedFrameError);
  }
  await expect(unpackFrame(body.slice(0, -8))).rejects.toThrow(MalformedFrameError);
  await expect(unpackFrame("zstd:")).rejects.toThrow(MalformedFrameError);
});

test("a frame leaves no memory outside the heap when it was read", async () => {
  const body = String(await packFrame(Buffer.from(large)));
  await unpackFrame(body);
  const before = process.memoryUsage().arrayBuffers;
  await unpackFrame(body);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(100 * 1024);
});
