import * as fc from "fast-check";
import { expect, test } from "vitest";
import { FrameTransactions } from "../../../../reader/frames/frame-transactions.ts";
import type { Transaction } from "../../../../reader/transactions/transaction.ts";

const few = fc.integer({ min: 1, max: 2 });
const optional = <T>(value: T): fc.Arbitrary<T | undefined> =>
  fc.oneof({ weight: 5, arbitrary: fc.constant(undefined) }, fc.constant(value));

/** Transactions in the binlog's order, of few connections, some with what sets them apart. */
const transactions = fc
  .array(
    fc.record({
      thread: few,
      run: few,
      serverId: few,
      file: few,
      tag: optional("br_a"),
      gtid: fc.constantFrom("none", "parts", "whole"),
      author: optional({ user: "app", host: "h", attribution: "tag" as const }),
      prepared: optional({ fileNumber: 1, offset: 4, us: 5 }),
      isGenerated: optional(true as const),
    }),
    { maxLength: 60 },
  )
  .map((all) =>
    all.map(({ thread, run, serverId, file, tag, gtid, ...apart }, i): Transaction => {
      const prefix = tag === undefined ? "uuid:" : `uuid:${tag}:`;
      const { author, prepared, isGenerated } = apart;
      return {
        ...(gtid === "parts"
          ? { gtidPrefix: prefix, gtidNumber: i }
          : { gtid: gtid === "none" ? null : `${prefix}${i}` }),
        ...(gtid !== "none" && tag !== undefined && { tag }),
        file: `bin.00000${file}`,
        fileNumber: file,
        start: 100 * i,
        thread,
        run,
        serverId,
        committedUs: 1_700_000_000_000_000 + i,
        ...(author !== undefined && { author }),
        ...(prepared !== undefined && { prepared }),
        ...(isGenerated !== undefined && { isGenerated }),
      };
    }),
  );

test("a frame returns the transactions that were put into it, also after another frame used its memory", () => {
  const frame = new FrameTransactions();
  fc.assert(
    fc.property(transactions, (all) => {
      frame.clear();
      for (const one of all) frame.push(one);
      expect(Array.from({ length: frame.length }, (_, i) => frame.at(i))).toEqual(all);
    }),
  );
});

test("transactions of one origin have one connection and tag, and nothing of their own beside time and GTID", () => {
  const frame = new FrameTransactions();
  fc.assert(
    fc.property(transactions, (all) => {
      frame.clear();
      for (const one of all) frame.push(one);
      const members = Map.groupBy(all.keys(), (i) => frame.originOf(i));
      for (const [origin, indexes] of members) {
        const first = frame.origins[origin];
        expect(first).toBe(all[indexes[0] as number]);
        if (indexes.length === 1) continue;
        for (const {
          gtid: _,
          gtidNumber: _number,
          start: _start,
          committedUs: _us,
          ...rest
        } of indexes.map((i) => all[i] as Transaction))
          expect(first).toMatchObject(rest);
        expect(first).not.toHaveProperty("author");
        expect(first).not.toHaveProperty("prepared");
        expect(first).not.toHaveProperty("isGenerated");
      }
    }),
  );
});

test("a thousand transactions of two connections by turns have two origins", () => {
  const frame = new FrameTransactions();
  for (let i = 0; i < 1000; i++) {
    const thread = i % 2;
    const place = { file: "bin.000001", fileNumber: 1, start: i, committedUs: i };
    frame.push({ gtid: null, ...place, thread, run: 1, serverId: 1 });
  }
  expect(frame.origins).toHaveLength(2);
});

test("a removed transaction leaves no origin, so that nobody waits for its author", () => {
  const frame = new FrameTransactions();
  fc.assert(
    fc.property(transactions, (all) => {
      frame.clear();
      for (const one of all) {
        const origins = [...frame.origins];
        frame.push(one);
        frame.pop();
        expect(frame.origins).toEqual(origins);
        frame.push(one);
      }
      expect(Array.from({ length: frame.length }, (_, i) => frame.at(i))).toEqual(all);
    }),
  );
});
