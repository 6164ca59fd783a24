import { expect, test } from "vitest";
import { parkedStreams } from "../../../../functions/delivery/hand-over.ts";
import type { Batch } from "../../../../functions/failures/parked.ts";
import { OwnTroubleError } from "../../../../functions/ground/errors.ts";
import { queueStream } from "../../../../functions/failures/stream.ts";
import { drain } from "../../../../functions/retry/drain.ts";
import { ModelFailures } from "../../../support/lives/model-failures.ts";

const STREAM = queueStream(0, "queue.fifo");
const TROUBLE = { reason: "queue-unavailable", error: "" } as const;

function batch(first: string, last: string, share: string): Batch {
  return { first, last, share, count: 1, body: share };
}

/** Drains the stream; returns the bodies of the delivered records. */
async function drained(failures: ModelFailures): Promise<string[]> {
  const bodies: string[] = [];
  await drain(
    STREAM,
    {
      items: failures.retry,
      deliver: async (record) => {
        bodies.push(failures.textOf(record));
        return { kind: "delivered" };
      },
      backoff: { baseMs: 0, longestMs: 0, attempts: 1 },
      claimMs: 0,
      now: () => 0,
      random: () => 0,
    },
    new AbortController().signal,
  );
  return bodies;
}

test("frames that come again after the stream was closed are all delivered, also where the first has other messages", async () => {
  const failures = new ModelFailures();
  const streams = parkedStreams(failures.route);
  await streams.park(STREAM, [batch("1", "3", "a"), batch("4", "5", "b")], TROUBLE);
  expect(await drained(failures)).toEqual(["a", "b"]);

  const again = [batch("1", "3", "other"), batch("4", "5", "b"), batch("6", "7", "c")] as const;
  await streams.park(STREAM, [...again], TROUBLE);
  expect(await drained(failures)).toEqual(["other", "c"]);
  expect(failures.open).toEqual([]);
});

test("a frame that comes again with the same messages is parked once", async () => {
  const failures = new ModelFailures();
  const streams = parkedStreams(failures.route);
  await streams.park(STREAM, [batch("1", "3", "a")], TROUBLE);
  await streams.parkBehind(STREAM, [batch("1", "3", "other")], TROUBLE);
  await streams.parkBehind(STREAM, [batch("1", "3", "other"), batch("4", "5", "b")], TROUBLE);
  await streams.parkBehind(STREAM, [batch("1", "3", "a"), batch("4", "5", "b")], TROUBLE);
  expect(await drained(failures)).toEqual(["a", "other", "b"]);
});

test("a batch whose share is not known is parked behind others once", async () => {
  const failures = new ModelFailures();
  const streams = parkedStreams(failures.route);
  await streams.park(STREAM, [batch("1", "3", "a")], TROUBLE);
  const { share: _, ...within } = batch("2", "2", "within");
  for (let n = 0; n < 3; n++) await streams.park(STREAM, [within], TROUBLE);
  expect(await drained(failures)).toEqual(["a", "within"]);
});

test("a frame fails whose place another invocation takes meanwhile, and is parked when it comes again", async () => {
  const failures = new ModelFailures();
  const streams = parkedStreams(failures.route);
  await streams.park(STREAM, [batch("1", "3", "a")], TROUBLE);
  let twin: Promise<unknown> | undefined;
  const slow = parkedStreams({
    ...failures.route,
    recordsFrom: async (stream, first) => {
      const records = await failures.route.recordsFrom(stream, first);
      await (twin ??= streams.park(STREAM, [batch("1", "3", "twin")], TROUBLE));
      return records;
    },
  });
  const late = slow.park(STREAM, [batch("1", "3", "b")], TROUBLE);
  await expect(late).rejects.toThrow(OwnTroubleError);
  await slow.park(STREAM, [batch("1", "3", "b")], TROUBLE);
  expect(await drained(failures)).toEqual(["a", "twin", "b"]);
});

test("records of another life do not tell where a frame's record belongs", async () => {
  const failures = new ModelFailures();
  const streams = parkedStreams(failures.route);
  await streams.park(STREAM, [{ ...batch("1.8", "1.9", "former"), life: "a" }], TROUBLE);
  expect(await drained(failures)).toEqual(["former"]);

  const killed = { ...batch("1.1", "1.3", "killed"), life: "b" };
  await failures.route.putRecord(STREAM, killed, TROUBLE);
  await streams.park(STREAM, [{ ...batch("1.1", "1.3", "again"), life: "b" }], TROUBLE);
  await streams.parkBehind(STREAM, [{ ...batch("1.4", "1.5", "next"), life: "b" }], TROUBLE);
  expect((await failures.route.read(STREAM))?.tail).toBe("1.5");
  expect(await drained(failures)).toEqual(["again", "next"]);
});

test("a frame that comes again changed twice is parked behind its killed record", async () => {
  const failures = new ModelFailures();
  const streams = parkedStreams(failures.route);
  await streams.park(STREAM, [batch("1", "3", "a")], TROUBLE);
  // The function was killed before it moved the tail.
  await failures.route.putRecord(STREAM, batch("3r", "3r", "killed"), TROUBLE);
  await streams.parkBehind(STREAM, [batch("1", "3", "other")], TROUBLE);
  expect(await drained(failures)).toEqual(["a", "killed", "other"]);
  expect(failures.open).toEqual([]);
});

test("a record within another one does not keep the stream open", async () => {
  const failures = new ModelFailures();
  const streams = parkedStreams(failures.route);
  await failures.route.putRecord(STREAM, batch("2", "2", "killed"), TROUBLE);
  await streams.park(STREAM, [batch("1", "3", "around")], TROUBLE);
  expect(await drained(failures)).toEqual(["around", "killed"]);
  expect(failures.open).toEqual([]);
});

/** Leaves the records of a killed route function, for two frames. */
async function leaveRecords(failures: ModelFailures): Promise<void> {
  for (const left of [batch("1", "3", "a"), batch("4", "5", "b")])
    await failures.route.putRecord(STREAM, left, TROUBLE);
}

test.each([true, false])(
  "a changed frame and one that finds its killed record are delivered in order, together: %s",
  async (together) => {
    const failures = new ModelFailures();
    const streams = parkedStreams(failures.route);
    await leaveRecords(failures);
    const [changed, next] = [batch("1", "3", "other"), batch("4", "5", "b")];
    if (together) await streams.park(STREAM, [changed, next], TROUBLE);
    else {
      await streams.park(STREAM, [changed], TROUBLE);
      await streams.parkBehind(STREAM, [next], TROUBLE);
    }
    expect(await drained(failures)).toEqual(["other", "b"]);
    expect(failures.open).toEqual([]);
  },
);

test.each([true, false])(
  "a frame does not find its record before the stream's head, where retry has looked already: %s",
  async (looked) => {
    const failures = new ModelFailures();
    const streams = parkedStreams(failures.route);
    await leaveRecords(failures);
    // As earlier releases parked a changed frame: behind the records of the frames that follow.
    await failures.route.putRecord(STREAM, batch("5r", "5r", "other"), TROUBLE);
    const opening = { head: "5r", tail: { position: "5r", life: null }, twin: null };
    await failures.route.open(STREAM, opening, TROUBLE);
    const before = looked ? await drained(failures) : [];

    await streams.park(STREAM, [batch("4", "5", "b")], TROUBLE);
    expect([...before, ...(await drained(failures))]).toEqual(["other", "b"]);
    expect(failures.open).toEqual([]);
  },
);

test("a frame does not find its killed record behind a later frame's", async () => {
  const failures = new ModelFailures();
  const streams = parkedStreams(failures.route);
  await leaveRecords(failures);
  // As an earlier release wrote it before it was killed.
  await failures.route.putRecord(STREAM, batch("5r", "5r", "other"), TROUBLE);
  await streams.park(STREAM, [batch("1", "3", "other"), batch("4", "5", "b")], TROUBLE);
  await streams.parkBehind(STREAM, [batch("6", "7", "c")], TROUBLE);
  expect(await drained(failures)).toEqual(["other", "b", "other", "c"]);
});

test("a frame does not find a killed record that begins before the tail and ends behind it", async () => {
  const failures = new ModelFailures();
  const streams = parkedStreams(failures.route);
  await streams.park(STREAM, [batch("0", "0", "first")], TROUBLE);
  await failures.route.putRecord(STREAM, batch("1", "3", "killed"), TROUBLE);
  await streams.parkBehind(STREAM, [batch("2", "2", "within")], TROUBLE);
  expect(await drained(failures)).toEqual(["first", "within"]);

  await streams.park(STREAM, [batch("1", "3", "killed")], TROUBLE);
  expect(await drained(failures)).toEqual(["killed"]);
  expect(failures.open).toEqual([]);
});

test("frames do not find killed records in another order than theirs", async () => {
  const failures = new ModelFailures();
  const streams = parkedStreams(failures.route);
  await streams.park(STREAM, [batch("1", "3", "a"), batch("4", "5", "b")], TROUBLE);
  expect(await drained(failures)).toEqual(["a", "b"]);

  await failures.route.putRecord(STREAM, batch("5r", "5r", "d"), TROUBLE);
  await failures.route.putRecord(STREAM, batch("5rr", "5rr", "c"), TROUBLE);
  await streams.park(STREAM, [batch("1", "3", "c"), batch("4", "5", "d")], TROUBLE);
  expect(await drained(failures)).toEqual(["c", "d"]);
});

test("what was sent resolves its own record, not one of another share at its positions", async () => {
  const failures = new ModelFailures();
  const streams = parkedStreams(failures.route);
  await leaveRecords(failures);
  const parking = await streams.parkBehind(STREAM, [batch("1", "3", "other")], TROUBLE);
  if (parking.kind !== "clear") throw new Error("the stream was never opened");
  await streams.forget(STREAM, parking.written);

  await streams.park(STREAM, [batch("1", "3", "a")], TROUBLE);
  expect(await drained(failures)).toEqual(["a"]);
});
