import { expect, test } from "vitest";
import { pointOf, wellKnownText } from "../../../../wire/formats/geometry.ts";

const head = (type: number): Buffer => Buffer.from([1, type, 0, 0, 0]);
const count = (n: number): Buffer => Buffer.from([n, 0, 0, 0]);
function numbers(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 8);
  values.forEach((value, i) => bytes.writeDoubleLE(value, i * 8));
  return bytes;
}
const point = (x: number, y: number): Buffer => Buffer.concat([head(1), numbers(x, y)]);
const line = Buffer.concat([head(2), count(2), numbers(0, 0, 1, 1)]);
const ring = Buffer.concat([count(4), numbers(0, 0, 1, 0, 1, 1, 0, 0)]);
const polygon = Buffer.concat([head(3), count(1), ring]);

test.each([
  ["POINT (1.5 -2)", point(1.5, -2)],
  ["LINESTRING (0 0, 1 1)", line],
  ["POLYGON ((0 0, 1 0, 1 1, 0 0))", polygon],
  ["MULTIPOINT ((1 2), (3 4))", Buffer.concat([head(4), count(2), point(1, 2), point(3, 4)])],
  ["MULTILINESTRING ((0 0, 1 1))", Buffer.concat([head(5), count(1), line])],
  ["MULTIPOLYGON (((0 0, 1 0, 1 1, 0 0)))", Buffer.concat([head(6), count(1), polygon])],
  [
    "GEOMETRYCOLLECTION (POINT (1 2), LINESTRING (0 0, 1 1))",
    Buffer.concat([head(7), count(2), point(1, 2), line]),
  ],
  ["GEOMETRYCOLLECTION EMPTY", Buffer.concat([head(7), count(0)])],
])("%s", (text, binary) => {
  expect(wellKnownText(binary)).toBe(text);
});

test("a point in the other byte order is read", () => {
  const bytes = Buffer.from([0, 0, 0, 0, 1, ...numbers(7).reverse(), ...numbers(8).reverse()]);
  expect(pointOf(bytes)).toEqual({ x: 7, y: 8 });
});

test("bytes that are not a geometry are refused", () => {
  expect(() => wellKnownText(Buffer.from("hello"))).toThrow(RangeError);
  expect(() => pointOf(line)).toThrow(RangeError);
});
