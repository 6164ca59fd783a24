import * as fc from "fast-check";
import { expect, test } from "vitest";
import { headerLine } from "../../../../reader/frames/frame-header.ts";
import { FrameTransactions } from "../../../../reader/frames/frame-transactions.ts";
import { gtidOf, type Transaction } from "../../../../reader/transactions/transaction.ts";
import { encodeHeader, FRAME_VERSION, type FrameHeader } from "../../../../wire/frame.ts";
import { formatPosition } from "../../../../wire/position.ts";

const text = fc.oneof(fc.string({ unit: "binary" }), fc.constant('"transactions":[]'));
const number = fc.oneof(
  fc.maxSafeNat(),
  fc.constantFrom(0, 9, 10, 999_999_999, 1_000_000_000, 2 ** 32, 2 ** 53 - 1),
);
/** Few values, so that transactions share an origin or differ from it in one field. */
const few = fc.integer({ min: 0, max: 1 });

const gtid = fc.oneof(
  text.map((whole) => ({ gtid: whole })),
  fc.constant({ gtid: null }),
  fc.record({ of: fc.constantFrom("uuid:", "uuid:br_a:"), number }).map(({ of, number: own }) => ({
    gtid: `${of}${own}`,
    gtidPrefix: of,
    gtidNumber: own,
  })),
);
const transaction = fc
  .record({
    gtid,
    file: fc.oneof(text, fc.constant("bin.000001")),
    thread: fc.oneof(few, number),
    run: fc.oneof(few, fc.integer()),
    serverId: fc.oneof(few, number),
    committedUs: number,
    prepared: fc.option(fc.integer({ min: 0, max: 1e12 }), { nil: undefined }),
    isGenerated: fc.option(fc.constant(true as const), { nil: undefined }),
  })
  .map(({ gtid: named, prepared, isGenerated, ...fields }): Transaction => ({
    ...named,
    ...fields,
    fileNumber: 1,
    start: 0,
    ...(isGenerated !== undefined && { isGenerated }),
    ...(prepared !== undefined && { prepared: { fileNumber: 2, offset: prepared, us: 0 } }),
  }));
const member = fc.record({
  transaction,
  author: fc.option(fc.nat(), { nil: undefined }),
  ended: fc.boolean(),
});

const front = {
  frame: FRAME_VERSION as typeof FRAME_VERSION,
  source: "",
  lane: 0,
  first: formatPosition({ epoch: 1, file: 1, offset: 1, row: 0 }),
  last: formatPosition({ epoch: 1, file: 1, offset: 1, row: 0 }),
  previous: null,
  server: "s",
  epoch: 1,
};

/** Where transactions of one connection are, except for their start. */
const PLACE = { file: "bin.000001", fileNumber: 1, run: 1, serverId: 1 };

interface Member {
  readonly transaction: Transaction;
  readonly author: number | undefined;
  readonly ended: boolean;
}

test("headerLine writes the same line as encodeHeader, whatever the fields are", () => {
  fc.assert(
    fc.property(text, fc.option(text), fc.array(member), (source, life, members) => {
      expectSameLine(members, source, {
        tables: [[source, "t"]],
        authors: [{ user: source, host: "h", attribution: "ledger" }],
        ...(life !== null && { life }),
      });
    }),
    { numRuns: 500 },
  );
});

test("headerLine writes the same line for many transactions of few connections", () => {
  const step = fc.record({
    thread: fc.constantFrom(1, 1, 1, 1, 2),
    forNumber: fc.constantFrom(1, 1, 1, 7, 90, -3),
    forUs: fc.constantFrom(0, 400, 2000, 90_000, -2000),
    author: fc.constantFrom(0, 0, 0, 0, 1, undefined),
    ended: fc.constantFrom(false, false, false, true),
    prepared: fc.constantFrom(...Array<undefined>(9), { fileNumber: 2, offset: 70, us: 0 }),
    isLarge: fc.constantFrom(...Array<boolean>(9).fill(false), true),
  });
  const begin = fc.tuple(
    fc.constantFrom(1, 5, 95, 990, 999_999_990, 9_999_999_990, 2 ** 53 - 300),
    fc.constantFrom(0, 9_900_000, 1e15, 999_999_999_000, 2 ** 53 - 1e6),
    fc.boolean(),
  );
  fc.assert(
    fc.property(begin, fc.array(step, { maxLength: 60 }), ([first, us, hasGtid], steps) => {
      let own = first;
      let committedUs = us;
      const members = steps.map((one, i): Member => {
        own = Math.min(Math.max(1, own + one.forNumber), Number.MAX_SAFE_INTEGER);
        committedUs = Math.max(0, committedUs + one.forUs);
        const named = one.isLarge ? { gtid: `uuid:${2n ** 60n + BigInt(i)}` } : inParts(own);
        const { thread, author, ended, prepared } = one;
        const written = {
          ...(hasGtid ? named : { gtid: null }),
          ...PLACE,
          start: i,
          thread,
          committedUs,
          ...(prepared !== undefined && { prepared }),
        };
        return { transaction: written, author, ended };
      });
      expectSameLine(members, "s", { tables: [], authors: [] });
    }),
    { numRuns: 500 },
  );
});

test("headerLine writes the same line for more transactions than its memory is kept for", () => {
  for (const count of [30_000, 3]) {
    const members = Array.from({ length: count }, (_, i): Member => {
      const written = { ...inParts(1 + i), ...PLACE, start: i, thread: 1, committedUs: i };
      return { transaction: written, author: 0, ended: true };
    });
    expectSameLine(members, "s", { tables: [], authors: [] });
  }
});

function inParts(own: number): Pick<Transaction, "gtidPrefix" | "gtidNumber"> {
  return { gtidPrefix: "uuid:", gtidNumber: own };
}

function expectSameLine(
  members: readonly Member[],
  source: string,
  back: Pick<FrameHeader, "tables" | "authors" | "life">,
): void {
  const transactions = new FrameTransactions();
  for (const { transaction: one, ended } of members) {
    transactions.push(one);
    if (ended) transactions.end();
  }
  const expected = encodeHeader({
    ...front,
    source,
    transactions: members.map(({ transaction: one, author = null, ended }) => ({
      gtid: gtidOf(one),
      file: one.file,
      thread: one.thread,
      run: one.run,
      serverId: one.serverId,
      timestampMs: Math.floor(one.committedUs / 1000),
      author,
      ...(one.prepared !== undefined && {
        preparedAt: formatPosition({ epoch: 1, file: 2, offset: one.prepared.offset, row: 0 }),
      }),
      ...(ended && { ended: true as const }),
    })),
    ...back,
  });
  const header = { ...front, source, ...back };
  const line = headerLine(header, transactions, (i) => members[i]?.author ?? -1);
  expect(line.toString()).toBe(`${Buffer.from(expected).toString()}\n`);
}
