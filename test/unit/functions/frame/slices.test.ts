import { expect, test } from "vitest";
import { readFrame } from "../../../../functions/frame/read-frame.ts";
import { SLICE_CHANGES, slicesOf } from "../../../../functions/frame/slices.ts";
import { SOURCE, TestLane } from "../../../support/functions/frames.ts";

const CHANGES = 2 * SLICE_CHANGES + 1;

function sliced() {
  const lane = new TestLane();
  const before = readFrame(lane.frame([{}]), SOURCE);
  const read = readFrame(lane.frame(Array.from({ length: CHANGES }, () => ({}))), SOURCE);
  // All changes are of one transaction, which ends with the frame.
  const [transaction] = read.transactions;
  const frame = {
    ...read,
    transactions: transaction === undefined ? [] : [{ ...transaction, ended: true as const }],
    changes: read.changes.map((change) => ({ ...change, transaction: 0 })),
  };
  return { before, frame, slices: slicesOf(frame) };
}

test("a frame's slices contain all its changes and follow one another", () => {
  const { before, frame, slices } = sliced();
  expect(slices.flatMap(({ changes }) => changes)).toEqual(frame.changes);
  expect(slices.map(({ changes }) => changes.length)).toEqual([SLICE_CHANGES, SLICE_CHANGES, 1]);
  expect(slices.map(({ previous }) => previous)).toEqual([
    before.last,
    ...slices.slice(0, -1).map(({ last }) => last),
  ]);
  expect(slices[0]?.first).toBe(frame.first);
  expect(slices.at(-1)?.last).toBe(frame.last);
});

test("a slice marks the end of a transaction only when the transaction ends in it", () => {
  const { slices } = sliced();
  expect(slices.map(({ transactions: [transaction] }) => transaction?.ended)).toEqual([
    undefined,
    undefined,
    true,
  ]);
});
