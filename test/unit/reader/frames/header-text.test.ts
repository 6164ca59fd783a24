import * as fc from "fast-check";
import { expect, test } from "vitest";
import { headerText, TransactionTexts } from "../../../../reader/frames/header-text.ts";
import { encodeHeader, FRAME_VERSION, type FrameHeader } from "../../../../wire/frame.ts";
import { formatPosition } from "../../../../wire/position.ts";

const text = fc.oneof(fc.string({ unit: "binary" }), fc.constant('"transactions":[]'));
const number = fc.maxSafeNat();
const offset = fc.integer({ min: 0, max: 1e12 });

test("headerText writes the same line as encodeHeader, whatever the fields are", () => {
  const transaction = fc.record({
    gtid: fc.option(text),
    file: text,
    thread: number,
    run: fc.integer(),
    serverId: number,
    committedUs: number,
    author: fc.option(fc.nat()),
    ended: fc.boolean(),
    preparedAt: fc.option(offset),
  });
  const position = formatPosition({ epoch: 1, file: 1, offset: 1, row: 0 });
  fc.assert(
    fc.property(text, fc.option(text), fc.array(transaction), (source, life, transactions) => {
      const header: Omit<FrameHeader, "transactions"> = {
        frame: FRAME_VERSION,
        source,
        lane: 0,
        first: position,
        last: position,
        previous: null,
        server: "s",
        epoch: 1,
        tables: [[source, "t"]],
        authors: [{ user: source, host: "h", attribution: "ledger" }],
        ...(life !== null && { life }),
      };
      const written = new TransactionTexts(1);
      const texts = transactions.map(({ author, ended, preparedAt, ...fields }) =>
        written.of(
          {
            ...fields,
            fileNumber: 1,
            start: 0,
            ...(preparedAt !== null && { prepared: { fileNumber: 2, offset: preparedAt, us: 0 } }),
          },
          author,
          ended,
        ),
      );
      const { tables, authors, life: _, ...front } = header;
      const expected = encodeHeader({
        ...front,
        transactions: transactions.map(
          ({ gtid, file, thread, run, serverId, committedUs, author, ended, preparedAt }) => ({
            gtid,
            file,
            thread,
            run,
            serverId,
            timestampMs: Math.floor(committedUs / 1000),
            author,
            ...(preparedAt !== null && {
              preparedAt: formatPosition({ epoch: 1, file: 2, offset: preparedAt, row: 0 }),
            }),
            ...(ended && { ended: true }),
          }),
        ),
        tables,
        authors,
        ...(life !== null && { life }),
      });
      expect(headerText(header, texts)).toBe(`${expected}\n`);
    }),
  );
});
