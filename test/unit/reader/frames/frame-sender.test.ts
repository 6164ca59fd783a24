import { createHash } from "node:crypto";
import { pino } from "pino";
import { expect, test } from "vitest";
import { frameSender } from "../../../../reader/frames/frame-sender.ts";
import type { PayloadBucket } from "../../../../reader/frames/payload-bucket.ts";
import type { SealedFrame } from "../../../../reader/frames/lane.ts";
import type { LeanSends, MessageFields } from "../../../../reader/frames/lean-sends.ts";

const FRAME: SealedFrame = { lane: 0, text: "x", first: "2", last: "3", previous: "1", changes: 1 };

/** Sends frames in a life. Returns their deduplication ids and their keys in the payload bucket. */
async function sent(life: string | null, ...frames: readonly SealedFrame[]) {
  const ids: string[] = [];
  const keys: string[] = [];
  const send = async ({ MessageDeduplicationId: id }: MessageFields): Promise<void> => {
    ids.push(id);
  };
  const put = async (key: string): Promise<void> => {
    keys.push(key);
  };
  const sendFrame = frameSender({
    sends: { send } as unknown as LeanSends,
    payloads: { name: "payloads", put } as unknown as PayloadBucket,
    life,
    assertHeld: () => undefined,
    onSent: () => undefined,
    log: pino({ level: "silent" }),
  });
  for (const frame of frames) await sendFrame(frame, new AbortController().signal);
  return { ids, keys };
}

test("a frame's id contains the life's name, and without a name it is the id of the last release", async () => {
  const { ids } = await sent(null, FRAME);
  expect(ids).toEqual([createHash("sha256").update("0 1 2 3").digest("hex")]);
  const others = [...(await sent("a", FRAME, FRAME)).ids, ...(await sent("b", FRAME)).ids];
  expect(others[0]).toBe(others[1]);
  expect(new Set([...ids, ...others]).size).toBe(3);
});

test("a large frame does not overwrite another frame in the payload bucket", async () => {
  const large = { ...FRAME, text: "x".repeat(2 ** 20 + 1) };
  const keys = [
    ...(await sent("a", large, { ...large, last: "4" })).keys,
    ...(await sent("b", large)).keys,
  ];
  expect(new Set(keys).size).toBe(3);
});
