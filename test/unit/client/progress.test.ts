import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { changesOf } from "../../../client/change.ts";
import { InFlight } from "../../../client/in-flight.ts";
import { DefaultPositionStore, MemoryPositionStore } from "../../../client/position-store.ts";
import { BEGINNING, progressOf, recordKeyOf } from "../../../client/progress.ts";
import type { SqsQueue } from "../../../client/sqs-queue.ts";
import { lastReleaseMarkKey } from "../../support/client/last-release.ts";
import { message, positionAt } from "../../support/client/messages.ts";
import { heapBytes } from "../../support/heap-bytes.ts";

const sent = message([10, 15, 20]);
const text = JSON.stringify(sent);
const read = { ...sent, text, changes: changesOf(sent) };
const key = recordKeyOf(sent.group, text);

/** The position up to which the message is done, according to these stored positions. */
async function done(
  stored: Readonly<Record<string, string>>,
  { receiveCount = 1, body = text } = {},
): Promise<string> {
  const positions = new MemoryPositionStore();
  for (const [name, position] of Object.entries(stored)) await positions.save(name, position);
  const progress = await progressOf({ group: sent.group, body, receiveCount }, read, positions);
  return progress.done;
}

describe("the key of a message's record", () => {
  it("is equal only for equal texts in the same group", () => {
    const keys = [recordKeyOf("a", "1"), recordKeyOf("a", "2"), recordKeyOf("b", "1")];
    expect(new Set(keys).size).toBe(3);
    expect(recordKeyOf("a", "1")).toBe(keys[0]);
  });
});

describe("the handled part of a message", () => {
  it("is empty without a record, whatever position its group has", async () => {
    expect(await done({})).toBe(BEGINNING);
    expect(await done({ [sent.group]: positionAt(90) })).toBe(BEGINNING);
    expect(await done({ [sent.group]: positionAt(90) }, { receiveCount: 9 })).toBe(BEGINNING);
  });

  it("ends at the position in its record", async () => {
    expect(await done({ [key]: positionAt(20) })).toBe(positionAt(20));
    expect(await done({ [key]: positionAt(15) })).toBe(positionAt(15));
  });

  it("is empty when the record belongs to a message with other changes at the same positions", async () => {
    const other = message([10, 15, 20], {
      changes: sent.changes.map((change) => ({ ...change, id: `another ${change.id}` })),
    });
    const record = recordKeyOf(other.group, JSON.stringify(other));
    expect(await done({ [record]: positionAt(20) })).toBe(BEGINNING);
  });

  it("is empty for a replay's message, whatever the original's record and the group's position are", async () => {
    const again = message([10, 15, 20], { replay: { id: "20261128-101500-3f2a" } });
    const textAgain = JSON.stringify(again);
    const positions = new MemoryPositionStore();
    for (const name of [key, sent.group]) await positions.save(name, positionAt(20));
    const readAgain = { ...again, text: textAgain, changes: changesOf(again) };
    const held = { group: sent.group, body: textAgain, receiveCount: 2 };
    const progress = await progressOf(held, readAgain, positions);
    expect(progress.done).toBe(BEGINNING);
    await positions.save(progress.key, positionAt(15));
    expect((await progressOf(held, readAgain, positions)).done).toBe(positionAt(15));
  });

  it("is found by the message's text, because a pointer names another text after a binlog reset", async () => {
    const body = '["software.amazon.payloadoffloading.PayloadS3Pointer", {}]';
    expect(await done({ [key]: positionAt(15) }, { body })).toBe(positionAt(15));
  });
});

/** Takes a message from SQS. The MD5 is that of the body unless another is given. */
function received(body: string, md5?: string) {
  const queue = {} as unknown as SqsQueue;
  const inFlight = new InFlight({ queue, visibilitySeconds: 30, onError: () => undefined });
  const hash = createHash("md5").update(body).digest("hex");
  const attributes = { MessageGroupId: sent.group, ApproximateReceiveCount: "2" };
  const ids = { MessageId: "id", ReceiptHandle: "handle", Attributes: attributes };
  const [held] = inFlight.take([{ ...ids, Body: body, MD5OfBody: md5 ?? hash }], 0);
  inFlight.dispose();
  if (held === undefined) throw new Error("no message");
  return held;
}

/** Finds the progress of a message. */
async function progressFor(
  positions: DefaultPositionStore,
  made = sent,
  held = received(JSON.stringify(made)),
): Promise<{ key: string; done: string }> {
  const again = { ...made, text: JSON.stringify(made), changes: changesOf(made) };
  return progressOf(held, again, positions);
}

describe("the handled part of a message in the store of an application that gives none", () => {
  const pointer = '["software.amazon.payloadoffloading.PayloadS3Pointer", {}]';

  it("ends at the position that was recorded", async () => {
    const positions = new DefaultPositionStore();
    const { key: own, done: before } = await progressFor(positions);
    expect(before).toBe(BEGINNING);
    await positions.save(own, positionAt(15));
    expect(await progressFor(positions)).toEqual({ key: own, done: positionAt(15) });
    expect((await progressFor(new DefaultPositionStore())).done).toBe(BEGINNING);
  });

  it("is empty for every other message", async () => {
    const positions = new DefaultPositionStore();
    await positions.save((await progressFor(positions)).key, positionAt(20));
    for (const other of [
      message([10, 15, 20], { group: "another" }),
      message([10, 15, 20], { replay: { id: "20261128-101500-3f2a" } }),
      message([10, 15, 20], { epoch: 2 }),
      message([10, 15]),
      { ...sent, changes: sent.changes.map((change) => ({ ...change, user: "app_stagings" })) },
      { ...sent, changes: sent.changes.map((change) => ({ ...change, user: "APP_staging" })) },
    ]) {
      const held = { ...received(JSON.stringify(other)), group: other.group };
      expect((await progressFor(positions, other, held)).done).toBe(BEGINNING);
    }
  });

  it("is not confused by an MD5 that two texts share", async () => {
    const positions = new DefaultPositionStore();
    await positions.save((await progressFor(positions, sent, received(text, "md5"))).key, "");
    const replays = [1, 2].map((n) => message([10, 15, 20], { replay: { id: `replay-${n}` } }));
    for (const next of [message([11, 15, 20]), ...replays]) {
      const held = received(JSON.stringify(next), "md5");
      const { key: own, done: before } = await progressFor(positions, next, held);
      expect(before).toBe(BEGINNING);
      await positions.save(own, next.last);
    }
  });

  it("takes little memory", async () => {
    const positions = new DefaultPositionStore();
    const before = heapBytes();
    for (let n = 0; n < 10_000; n++) {
      const made = message([n]);
      const { key: own } = await progressFor(positions, made);
      await positions.save(own, made.last);
    }
    expect(heapBytes() - before).toBeLessThan(10_000 * 340);
    expect((await progressFor(positions, message([1]))).done).toBe(positionAt(1));
  });

  it("is found by the text when the body is a pointer, or without an MD5", async () => {
    const positions = new DefaultPositionStore();
    for (const held of [
      received(pointer, "md5"),
      { ...received(text), bodyMd5: undefined },
      received(text, ""),
    ]) {
      expect((await progressFor(positions, sent, held)).key).toBe(key);
    }
  });
});

/** A stored position of the message's group. */
const group = (offset: number) => ({ [sent.group]: positionAt(offset) });

describe("the positions of the last release", () => {
  const again = { receiveCount: 2 };

  it("of a message count as handled up to there", async () => {
    const mark = lastReleaseMarkKey(sent.group, text);
    expect(await done({ [mark]: positionAt(15) })).toBe(positionAt(15));
    expect(await done({ [mark]: positionAt(20), [sent.group]: positionAt(90) })).toBe(
      positionAt(20),
    );
    expect(await done({ [mark]: BEGINNING, [sent.group]: positionAt(90) })).toBe(BEGINNING);
  });

  it("of a message are found by the pointer to it", async () => {
    const body = '["software.amazon.payloadoffloading.PayloadS3Pointer", {}]';
    const mark = lastReleaseMarkKey(sent.group, body);
    expect(await done({ [mark]: positionAt(15) }, { body })).toBe(positionAt(15));
  });

  it("of a message are ignored and not updated when they lie between the message's changes", async () => {
    const positions = new MemoryPositionStore();
    const held = { group: sent.group, body: text, receiveCount: 2 };
    await positions.save(lastReleaseMarkKey(sent.group, text), positionAt(17));
    const first = await progressOf(held, read, positions);
    expect(first.done).toBe(BEGINNING);
    expect(await positions.load(first.key)).toBeUndefined();
    await positions.save(first.key, positionAt(10));
    expect(await progressOf(held, read, positions)).toEqual({ ...first, done: positionAt(10) });
  });

  it("of a group count only for a message that was received before and has a change there", async () => {
    expect(await done(group(20), again)).toBe(positionAt(20));
    expect(await done(group(15), again)).toBe(positionAt(15));
    for (const offset of [9, 12, 21]) expect(await done(group(offset), again)).toBe(BEGINNING);
    expect(await done(group(20))).toBe(BEGINNING);
  });

  it("of a group are ignored when the message has its own record", async () => {
    const both = { [key]: positionAt(10), [sent.group]: positionAt(20) };
    expect(await done(both, again)).toBe(positionAt(10));
  });
});

describe("the position store", () => {
  it.each([
    { what: "once for a message in its first receive", receiveCount: 1, times: 1 },
    {
      what: "twice for a message that was received before and has no record",
      receiveCount: 2,
      times: 2,
    },
  ])("is read $what", async ({ receiveCount, times }) => {
    const keys: string[] = [];
    const load = (name: string): Promise<undefined> => {
      keys.push(name);
      return Promise.resolve(undefined);
    };
    await progressOf({ group: sent.group, body: text, receiveCount }, read, { load });
    expect(keys).toHaveLength(times);
  });
});
