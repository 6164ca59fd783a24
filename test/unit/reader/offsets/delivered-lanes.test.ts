import { expect, test } from "vitest";
import { sentOrDelivered } from "../../../../reader/offsets/delivered-lanes.ts";
import type { LaneProgress } from "../../../../reader/offsets/lane-layout.ts";
import { formatPosition, type PositionText } from "../../../../wire/position.ts";

const at = (offset: number, epoch = 5): PositionText =>
  formatPosition({ epoch, file: 3, offset, row: 0 });

const OFFSET = { life: "present", lanes: new Map([[0, at(900)]]) };

const delivered = (position: PositionText | null, life: string | null): LaneProgress => ({
  delivered: position,
  life,
  troubled: new Set(),
});

test("a lane without a saved position follows what was delivered of it in the same life", async () => {
  const items = new Map([
    [0, delivered(at(950), "present")],
    [1, delivered(at(800), "present")],
    [2, delivered(at(800), "other")],
    [3, delivered(null, null)],
  ]);
  const asked: number[] = [];
  const lanes = await sentOrDelivered(OFFSET, 4, (numbers) => {
    asked.push(...numbers);
    return Promise.resolve(new Map([...items].filter(([lane]) => asked.includes(lane))));
  });
  expect(asked).toEqual([1, 2, 3]);
  expect([...lanes]).toEqual([
    [0, at(900)],
    [1, at(800)],
  ]);
});

test("a life without a name has no position of its own in the lanes' items", async () => {
  const lanes = await sentOrDelivered({ ...OFFSET, life: null }, 2, () =>
    Promise.resolve(new Map([[1, delivered(at(800), null)]])),
  );
  expect([...lanes.keys()]).toEqual([0]);
});
