import * as fc from "fast-check";
import { expect, test } from "vitest";
import { GtidIntervals } from "../../../../reader/frames/gtid-intervals.ts";
import { joinGtidSets } from "../../../../reader/offsets/offset-saver.ts";

const UUID = "2ede0cc2-e519-11f1-9f06-02fc00000001";

test("consecutive numbers are one interval, and a gap begins another", () => {
  const gtids = new GtidIntervals();
  for (const number of [1, 2, 3, 7, 8]) gtids.add(`${UUID}:${number}`);
  expect(gtids.toString()).toBe(`${UUID}:1-3,${UUID}:7-8`);
});

test("alternating tags have one interval each, also when parts are joined", () => {
  const all = new GtidIntervals();
  for (let stretch = 0; stretch < 100; stretch++) {
    const gtids = new GtidIntervals();
    for (let i = 1; i <= 10; i++) {
      gtids.add(`${UUID}:br_a:${stretch * 10 + i}`);
      gtids.add(`${UUID}:br_b:${stretch * 10 + i}`);
    }
    gtids.add(`${UUID}:${stretch + 1}`);
    all.addAll(gtids);
  }
  expect(all.toString()).toBe(`${UUID}:br_a:1-1000,${UUID}:br_b:1-1000,${UUID}:1-100`);
});

test("any sequence of numbers and intervals equals the set added number by number, also beyond 2^53", () => {
  const sources = [UUID, `${UUID}:br_a`, `${UUID}:1`];
  const stretch = fc.record({
    source: fc.constantFrom(...sources),
    first: fc.bigInt({ min: 1n, max: 20n }),
    far: fc.constantFrom(0n, 2n ** 53n - 10n, 2n ** 60n),
    length: fc.integer({ min: 1, max: 12 }),
  });
  fc.assert(
    fc.property(fc.array(fc.array(stretch)), (frames) => {
      const all = new GtidIntervals();
      const naive = new Map<string, [bigint, bigint][]>();
      for (const frame of frames) {
        const gtids = new GtidIntervals();
        for (const { source, first, far, length } of frame) {
          for (let i = 0n; i < length; i++) {
            const number = far + first + i;
            gtids.add(`${source}:${number}`);
            const intervals = naive.get(source) ?? [];
            naive.set(source, intervals);
            const latest = intervals.at(-1);
            if (latest !== undefined && latest[1] + 1n === number) latest[1] = number;
            else intervals.push([number, number]);
          }
        }
        all.addAll(gtids);
      }
      const expected = [...naive].flatMap(([source, intervals]) =>
        intervals.map(([first, last]) => `${source}:${first}-${last}`),
      );
      expect(all.toString()).toBe(expected.join(","));
    }),
  );
});

test("a set with a thousand tags stays in its normal form when new GTIDs are joined to it", () => {
  const tags = Array.from({ length: 1000 }, (_, i) => `br_user_${String(i).padStart(20, "0")}`);
  const set = `${UUID}:1-9:${tags.map((tag) => `${tag}:1-1000000`).join(":")}`;
  const gtids = new GtidIntervals();
  for (const tag of tags.slice(0, 500)) gtids.add(`${UUID}:${tag}:1000001`);
  const startedMs = performance.now();
  const joined = joinGtidSets(set, gtids.toString());
  const ms = performance.now() - startedMs;
  console.info(
    `a GTID set with 1,000 tags: ${(set.length / 1024).toFixed(0)} KiB; joining 500 GTIDs takes ${ms.toFixed(1)} ms`,
  );
  expect(joined.split(":1-1000001").length - 1).toBe(500);
  expect(joined.split(":1-1000000").length - 1).toBe(500);
  expect(joined.startsWith(`${UUID}:1-9:br_user_`)).toBe(true);
});
