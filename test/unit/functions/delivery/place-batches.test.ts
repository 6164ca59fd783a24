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
