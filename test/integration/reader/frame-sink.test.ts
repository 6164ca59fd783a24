import { expect, it } from "vitest";
import { packFrame } from "../../../wire/frame-body.ts";
import { FrameSink } from "../../bench/read/frame-sink.ts";

it("counts the changes of all frames after they have arrived, and times their arrival", async () => {
  await using sink = await FrameSink.start();
  const drained = sink.take(3 + 2000 + 7);
  for (const changes of [3, 2000, 7]) await send(sink, changes);
  const { frames, rowsPerSecond } = await drained;
  expect(frames.map(({ changes }) => changes)).toEqual([3, 2000, 7]);
  const [first = NaN, second = NaN, third = NaN] = frames.map(({ atMs }) => atMs);
  expect(second).toBeGreaterThan(first);
  expect(rowsPerSecond).toBeCloseTo(2007 / ((third - first) / 1000), 3);
});

it("finds when the rows were written", async () => {
  await using sink = await FrameSink.start({ withTimes: true });
  const drained = sink.take(2);
  const rows = [1_780_000_000_000_001, 1_780_000_000_000_002].map((us) =>
    JSON.stringify({ id: 1, written_us: us }),
  );
  await sendBody(sink, String(await packFrame(Buffer.from(["header", ...rows].join("\n")))));
  const [frame] = (await drained).frames;
  expect(frame?.writtenUs).toEqual([1_780_000_000_000_001, 1_780_000_000_000_002]);
});

it("throws when changes are missing", async () => {
  await using sink = await FrameSink.start();
  const drained = sink.take(11, 3000);
  await Promise.all([
    expect(drained).rejects.toThrow("10 of 11 changes, no more in 3000 ms"),
    send(sink, 10),
  ]);
});

it("throws when there are too many", async () => {
  await using sink = await FrameSink.start();
  const drained = sink.take(9);
  await Promise.all([
    expect(drained).rejects.toThrow("10 changes arrived, of 9 written"),
    send(sink, 10),
  ]);
});

it("throws when a frame cannot be read", async () => {
  await using sink = await FrameSink.start();
  const drained = sink.take(1);
  await Promise.all([
    expect(drained).rejects.toThrow("the compressed frame cannot be read"),
    sendBody(sink, "zstd:nothing"),
  ]);
});

/** A frame with this many lines after its header, as the reader sends it. */
async function send(sink: FrameSink, changes: number): Promise<void> {
  const lines = Array.from({ length: changes }, (_, number) => `change ${number}`);
  const frame = Buffer.from(["header", ...lines].join("\n"));
  await sendBody(sink, String(await packFrame(frame)));
}

async function sendBody({ url }: FrameSink, body: string): Promise<void> {
  const response = await fetch(url, {
    method: "POST",
    body: JSON.stringify({ MessageBody: body }),
  });
  expect(await response.json()).toMatchObject({ MessageId: "0" });
}
