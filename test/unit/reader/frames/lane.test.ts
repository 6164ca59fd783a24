import { randomBytes } from "node:crypto";
import { setImmediate as nextTurn } from "node:timers/promises";
import { RowTexts } from "../../../../reader/binlog-format/rows/row-texts.ts";
import { describe, expect, test, vi } from "vitest";
import { Lane, type SealedFrame } from "../../../../reader/frames/lane.ts";
import { LanePace } from "../../../../reader/frames/lane-pace.ts";
import { InFlightFrames } from "../../../../reader/frames/in-flight-frames.ts";
import type { RowChange, Transaction } from "../../../../reader/transactions/transaction.ts";
import { decodeFrame } from "../../../../wire/decode-frame.ts";
import { unpackFrame } from "../../../../wire/frame-body.ts";

const transaction: Transaction = {
  gtid: "3e11fa47-71ca-11e1-9e33-c80aa9429562:7",
  file: "bin.000001",
  fileNumber: 1,
  start: 100,
  thread: 9,
  run: 1,
  serverId: 1,
  committedUs: 1_700_000_000_000_000,
};
const change = (n: number, note = ""): RowChange => ({
  op: "c",
  database: "shop",
  table: "orders",
  offset: 200,
  row: n,
  n,
  texts: RowTexts.of({ key: `{"id":${n}}`, after: `{"id":${n},"note":${JSON.stringify(note)}}` }),
});

const even = (): string => "x".repeat(1000);
const random = (): string => randomBytes(750).toString("base64");

/** Enough turns of the event loop for a lane that is not pausing to send what was added. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await nextTurn();
}

/** A lane whose frames wait until the test acknowledges them. */
function laneUnderTest(fullBytes: number, paceMs = 0, mostBytes = fullBytes) {
  const sent: { frame: SealedFrame; acknowledge: () => void }[] = [];
  let unsent = 0;
  const inFlight = new InFlightFrames();
  const pace = new LanePace(paceMs);
  const lane = new Lane({
    number: 0,
    binlog: { source: "shop", epoch: 1, life: null, server: "s" },
    previous: null,
    frameSizes: { fullBytes, mostBytes },
    pace,
    inFlight,
    authorsOf: async ({ length }) =>
      Array.from({ length }, () => ({ user: "app", host: "h", attribution: "ledger" as const })),
    send: (frame) => new Promise<void>((resolve) => sent.push({ frame, acknowledge: resolve })),
    onUnsent: (bytes) => {
      unsent += bytes;
    },
  });
  const stop = new AbortController();
  const ended = lane.sendFrames(stop.signal).catch((error: unknown) => error);
  return {
    lane,
    pace,
    sent,
    inFlight,
    unsentBytes: () => unsent,
    stop: async () => {
      stop.abort();
      return ended;
    },
  };
}

describe("Lane", () => {
  test("sends a single change at once when it is idle", async () => {
    const { lane, sent, stop } = laneUnderTest(1000);
    lane.add(transaction, change(0));
    await nextTurn();
    expect(sent.map(({ frame }) => frame.changes)).toEqual([1]);
    sent[0]?.acknowledge();
    await stop();
  });

  test("fills the next frame while a frame is being sent, and chains the frames", async () => {
    const { lane, sent, stop, unsentBytes } = laneUnderTest(100_000);
    lane.add(transaction, change(0));
    await nextTurn();
    for (let n = 1; n < 6; n++) lane.add(transaction, change(n));
    await nextTurn();
    expect(sent).toHaveLength(1); // one at a time
    sent[0]?.acknowledge();
    await nextTurn();
    expect(sent.map(({ frame }) => frame.changes)).toEqual([1, 5]);
    expect(sent[1]?.frame.previous).toBe(sent[0]?.frame.last);
    sent[1]?.acknowledge();
    await nextTurn();
    expect(unsentBytes()).toBe(0);
    await stop();
  });

  test("takes back a transaction whose end was not read, and sends those before it", async () => {
    const { lane, sent, stop, unsentBytes } = laneUnderTest(100_000);
    lane.add(transaction, change(0));
    await nextTurn();
    const before = { ...transaction, gtid: "3e11fa47-71ca-11e1-9e33-c80aa9429562:8" };
    const unfinished = { ...transaction, gtid: "3e11fa47-71ca-11e1-9e33-c80aa9429562:9" };
    lane.add(before, change(1));
    for (const n of [2, 3]) lane.add(unfinished, change(n));
    lane.withdraw(unfinished);
    sent[0]?.acknowledge();
    await nextTurn();
    const { text = "", ...frame } = sent[1]?.frame ?? {};
    expect(frame).toMatchObject({ changes: 1, last: expect.stringMatching(/0{9}1$/) });
    const { changes, transactions } = decodeFrame(await unpackFrame(String(text)));
    expect(transactions.map(({ gtid }) => gtid)).toEqual([before.gtid]);
    expect(changes.map(({ after }) => after)).toEqual(['{"id":1,"note":""}']);
    sent[1]?.acknowledge();
    await nextTurn();
    expect(unsentBytes()).toBe(0);
    await stop();
  });

  test("sends no frame in which nothing is left after a transaction was taken back", async () => {
    const { lane, sent, stop, unsentBytes, inFlight } = laneUnderTest(100_000);
    lane.add(transaction, change(0));
    await nextTurn();
    const unfinished = { ...transaction, gtid: "3e11fa47-71ca-11e1-9e33-c80aa9429562:8" };
    lane.add(unfinished, change(1));
    lane.withdraw(unfinished);
    sent[0]?.acknowledge();
    await nextTurn();
    expect(sent).toHaveLength(1);
    expect(unsentBytes()).toBe(0);
    expect(inFlight.settled).toBe(true);
    await stop();
  });

  test("pauses after a frame, and ends the pause when the next frame is full", async () => {
    const { lane, sent, stop } = laneUnderTest(1000, 60_000);
    lane.add(transaction, change(0));
    await turns();
    sent[0]?.acknowledge();
    lane.add(transaction, change(1));
    await turns();
    expect(sent).toHaveLength(1);
    lane.add(transaction, change(2, "x".repeat(1000)));
    await turns();
    expect(sent.map(({ frame }) => frame.changes)).toEqual([1, 2]);
    sent[1]?.acknowledge();
    await stop();
  });

  test("sends a change at once when the last send was a pause ago", async () => {
    const now = vi.spyOn(performance, "now").mockReturnValue(1000);
    try {
      const { lane, sent, stop } = laneUnderTest(1000, 60_000);
      lane.add(transaction, change(0));
      await turns();
      sent[0]?.acknowledge();
      await turns();
      now.mockReturnValue(61_000);
      lane.add(transaction, change(1));
      await turns();
      expect(sent.map(({ frame }) => frame.changes)).toEqual([1, 1]);
      sent[1]?.acknowledge();
      await stop();
    } finally {
      now.mockRestore();
    }
  });

  test("counts a frame as on its way once the raw queue has accepted it", async () => {
    const { lane, pace, sent, stop } = laneUnderTest(1000, 5);
    lane.hurry();
    for (const n of [0, 1]) {
      lane.add(transaction, change(n));
      await nextTurn();
      if (n === 0) sent[0]?.acknowledge();
      await nextTurn();
    }
    expect(sent).toHaveLength(2);
    lane.look()?.(null, false);
    expect(pace.ms).toBe(5);
    sent[1]?.acknowledge();
    await nextTurn();
    lane.look()?.(null, false);
    expect(pace.ms).toBe(10);
    await stop();
  });

  test("stops pausing after hurry() is called", async () => {
    const { lane, sent, stop } = laneUnderTest(1000, 60_000);
    lane.add(transaction, change(0));
    await turns();
    sent[0]?.acknowledge();
    lane.add(transaction, change(1));
    await turns();
    expect(sent).toHaveLength(1);
    lane.hurry();
    await turns();
    expect(sent.map(({ frame }) => frame.changes)).toEqual([1, 1]);
    sent[1]?.acknowledge();
    lane.add(transaction, change(2));
    await turns();
    expect(sent.map(({ frame }) => frame.changes)).toEqual([1, 1, 1]);
    sent[2]?.acknowledge();
    await stop();
  });

  test("sends a frame that is not full when the pause is over", async () => {
    const { lane, sent, stop } = laneUnderTest(1000, 5);
    lane.add(transaction, change(0));
    await turns();
    sent[0]?.acknowledge();
    lane.add(transaction, change(1));
    await expect.poll(() => sent.map(({ frame }) => frame.changes)).toEqual([1, 1]);
    sent[1]?.acknowledge();
    await stop();
  });

  test("lets a frame take what is still being read", async () => {
    const { lane, sent, stop } = laneUnderTest(100_000, 60_000);
    for (let n = 0; n < 5; n++) {
      lane.add(transaction, change(n));
      await nextTurn();
      expect(sent).toHaveLength(0);
    }
    await turns();
    expect(sent.map(({ frame }) => frame.changes)).toEqual([5]);
    sent[0]?.acknowledge();
    await stop();
  });

  test("gives the server time to send the rest of a large transaction", async () => {
    const { lane, sent, stop } = laneUnderTest(100_000, 60_000);
    lane.add(transaction, change(0, "x".repeat(20_000)));
    await turns();
    lane.add(transaction, change(1));
    await expect.poll(() => sent.map(({ frame }) => frame.changes)).toEqual([2]);
    sent[0]?.acknowledge();
    await stop();
  });

  test("sends a frame before its first change has waited for longer than a pause", async () => {
    const now = vi.spyOn(performance, "now").mockReturnValue(1000);
    try {
      const { lane, sent, stop } = laneUnderTest(100_000, 20);
      for (const [n, ms] of [1000, 1019, 1020].entries()) {
        expect(sent).toHaveLength(0);
        now.mockReturnValue(ms);
        lane.add(transaction, change(n));
        await nextTurn();
      }
      expect(sent.map(({ frame }) => frame.changes)).toEqual([3]);
      sent[0]?.acknowledge();
      await stop();
    } finally {
      now.mockRestore();
    }
  });

  test("sends the full frame that a frame became while it was read", async () => {
    const { lane, sent, stop } = laneUnderTest(1000, 60_000);
    lane.add(transaction, change(0));
    await nextTurn();
    lane.add(transaction, change(1, "x".repeat(1000)));
    lane.add(transaction, change(2));
    await turns();
    expect(sent.map(({ frame }) => frame.changes)).toEqual([2]);
    sent[0]?.acknowledge();
    await stop();
  });

  test("sends nothing of a transaction that is taken back while it is read", async () => {
    const { lane, sent, stop, unsentBytes } = laneUnderTest(1000, 60_000);
    lane.add(transaction, change(0));
    await nextTurn();
    lane.withdraw(transaction);
    await turns();
    expect(sent).toHaveLength(0);
    expect(unsentBytes()).toBe(0);
    await stop();
  });

  test("cuts frames by size, also inside a transaction, and repeats the thread in each frame", async () => {
    const { lane, sent, stop } = laneUnderTest(1000);
    for (let n = 0; n < 50; n++) lane.add(transaction, change(n, "x".repeat(50)));
    for (let i = 0; ; i++) {
      await nextTurn();
      if (sent[i] === undefined) break;
      sent[i]?.acknowledge();
    }
    const frames = sent.map(({ frame }) => decodeFrame(String(frame.text)));
    expect(frames.length).toBeGreaterThan(3);
    expect(frames.flatMap(({ changes }) => changes.map(({ n }) => n))).toEqual(
      Array.from({ length: 50 }, (_, n) => n),
    );
    for (const frame of frames)
      expect(frame.transactions).toMatchObject([{ thread: 9, author: 0 }]);
    await stop();
  });

  test("lets a frame grow if the one before it became less than half", async () => {
    const { lane, sent, stop } = laneUnderTest(9000, 0, 20_000);
    let n = 0;
    /** Adds more than a full frame has, and returns the changes of the next frames to be sent. */
    const addRows = async (note: () => string, rows = 12): Promise<number | undefined> => {
      const { length } = sent;
      for (let row = 0; row < rows; row++) lane.add(transaction, change(n++, note()));
      sent.at(-1)?.acknowledge();
      await expect.poll(() => sent.length).toBeGreaterThan(length);
      return sent[length]?.frame.changes;
    };
    expect(await addRows(even)).toBe(9);
    expect(await addRows(even)).toBe(15);
    expect(await addRows(random)).toBe(12);
    expect(await addRows(random, 9)).toBe(9);
    sent.at(-1)?.acknowledge();
    await stop();
  });

  test("escapes characters that SQS refuses, without changing the value", async () => {
    const { lane, sent, stop } = laneUnderTest(1000);
    lane.add(transaction, change(0, "a\uFFFE\uFFFFb"));
    await nextTurn();
    expect(sent[0]?.frame.text).not.toMatch(/[\uFFFE\uFFFF]/);
    const after = decodeFrame(String(sent[0]?.frame.text)).changes[0]?.after ?? "";
    expect(JSON.parse(after)).toEqual({ id: 0, note: "a\uFFFE\uFFFFb" });
    sent[0]?.acknowledge();
    await stop();
  });
});
