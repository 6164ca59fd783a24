import * as fc from "fast-check";
import { expect, test } from "vitest";
import { headerLine } from "../../../../reader/frames/frame-header.ts";
import { FrameTransactions } from "../../../../reader/frames/frame-transactions.ts";
import type { Transaction } from "../../../../reader/transactions/transaction.ts";
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

test("headerLine writes the same line as encodeHeader, whatever the fields are", () => {
  const position = formatPosition({ epoch: 1, file: 1, offset: 1, row: 0 });
  fc.assert(
    fc.property(text, fc.option(text), fc.array(member), (source, life, members) => {
      const front = {
        frame: FRAME_VERSION as typeof FRAME_VERSION,
        source,
        lane: 0,
        first: position,
        last: position,
        previous: null,
        server: "s",
        epoch: 1,
      };
      const back = {
        tables: [[source, "t"]],
        authors: [{ user: source, host: "h", attribution: "ledger" }],
        ...(life !== null && { life }),
      } satisfies Partial<FrameHeader>;
      const transactions = new FrameTransactions();
      for (const { transaction: one, ended } of members) {
        transactions.push(one);
        if (ended) transactions.end();
      }
      const expected = encodeHeader({
        ...front,
        transactions: members.map(({ transaction: one, author = null, ended }) => ({
          gtid: one.gtid,
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
      const line = headerLine({ ...front, ...back }, transactions, (i) => members[i]?.author ?? -1);
      expect(line.toString()).toBe(`${Buffer.from(expected).toString()}\n`);
    }),
    { numRuns: 500 },
  );
});
