import fc from "fast-check";
import { expect, test } from "vitest";
import {
  formatPosition,
  isPosition,
  parsePosition,
  type Position,
  positionFormatter,
} from "../../../wire/position.ts";

const positions = fc.record({
  epoch: fc.nat(999_999),
  file: fc.nat(2 ** 31 - 1),
  offset: fc.nat(Number.MAX_SAFE_INTEGER).map((n) => n % 1e15),
  row: fc.nat(2 ** 31 - 1),
});

const compare = (a: Position, b: Position): number =>
  Math.sign(a.epoch - b.epoch || a.file - b.file || a.offset - b.offset || a.row - b.row);

test("a position is the same after formatting and parsing", () => {
  fc.assert(
    fc.property(positions, (position) => {
      expect(parsePosition(formatPosition(position))).toEqual(position);
    }),
  );
});

test("the texts of positions sort as the positions do", () => {
  fc.assert(
    fc.property(positions, positions, (a, b) => {
      const [left, right] = [formatPosition(a), formatPosition(b)];
      expect(left < right ? -1 : left > right ? 1 : 0).toBe(compare(a, b));
    }),
  );
});

test("one formatter writes the positions of any sequence", () => {
  const close = fc.record({
    epoch: fc.nat(1),
    file: fc.nat(1),
    offset: fc.nat(1),
    row: fc.nat(2 ** 31 - 1),
  });
  fc.assert(
    fc.property(fc.array(fc.oneof(positions, close)), (sequence) => {
      expect(sequence.map(positionFormatter())).toEqual(sequence.map(formatPosition));
    }),
  );
});

test.each(["", "1.2.3.4", "x", "000001.0000000001.000000000000004.00000000000"])(
  "%j is not a position",
  (text) => {
    expect(isPosition(text)).toBe(false);
    expect(() => parsePosition(text)).toThrow(RangeError);
  },
);

test("parts that are out of range are refused", () => {
  expect(() => formatPosition({ epoch: 1_000_000, file: 0, offset: 0, row: 0 })).toThrow(
    RangeError,
  );
  expect(() => formatPosition({ epoch: 1, file: -1, offset: 0, row: 0 })).toThrow(RangeError);
  expect(() => formatPosition({ epoch: 1, file: 1, offset: 0.5, row: 0 })).toThrow(RangeError);
});
