import * as fc from "fast-check";
import { expect, test } from "vitest";
import { readFrame } from "../../../functions/frame/read-frame.ts";
import { ChangeBytes } from "../../../wire/change-bytes.ts";
import { changeId } from "../../../wire/change-id.ts";
import { changePieces, changeWriter } from "../../../wire/change-text.ts";
import type { FrameTransaction } from "../../../wire/frame.ts";
import { legalText } from "../../../wire/legal-text.ts";
import type { Author } from "../../../wire/session.ts";
import { SOURCE, TestLane } from "../../support/functions/frames.ts";

const AUTHOR: Author = { user: "app_prod", host: "", attribution: "ledger" };
const SERVER = "3e11fa47-71ca-11e1-9e33-c80aa9429562";

const gtids = fc.oneof(
  fc.constant(null),
  fc
    .tuple(fc.constantFrom(SERVER, `${SERVER}:a_tag`), fc.integer({ min: 1, max: 30 }))
    .map(([prefix, number]) => `${prefix}:${number}`),
  fc.constant(`${SERVER}:9223372036854775806`),
  fc.constant(`${SERVER}:${"1".repeat(40)}`),
  fc.string({ unit: fc.constantFrom("7", ":", '"', "\\", "é", "\uFFFE") }),
);

const transaction = fc.record({
  gtid: gtids,
  file: fc.constantFrom("binlog.000001", "binlog.000002", '"é\uFFFE.000002'),
  thread: fc.constantFrom(7, 8, 2 ** 40),
  serverId: fc.constantFrom(1, 2),
  timestampMs: fc.constantFrom(0, 1_764_458_500_123, 1_764_458_500_124),
});

test("a change names its transaction, whichever changes were written before", () => {
  const frame = readFrame(new TestLane().frame([{ id: 1 }]), SOURCE);
  const [first] = frame.changes;
  if (first === undefined) throw new Error("no change");
  const [[db, table] = ["", ""]] = frame.tables;
  fc.assert(
    fc.property(
      fc.array(transaction, { minLength: 1 }),
      fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 4 }))),
      (drawn, order) => {
        const transactions = drawn.map((texts): FrameTransaction => ({
          ...texts,
          run: 1,
          author: 0,
        }));
        const header = { ...frame, server: SERVER, transactions };
        const bytes = new ChangeBytes(changePieces(header));
        const write = changeWriter(header);
        for (const [at, times] of order) {
          const index = at % drawn.length;
          const named = transactions[index];
          if (named === undefined) continue;
          const { gtid, file, thread, serverId, timestampMs } = named;
          for (let n = 0; n < times; n++) {
            const change = { ...first, transaction: index, n, row: n };
            const { offset, op, key, after } = change;
            const id = changeId({ gtid, server: SERVER, file, offset, row: n, n });
            const source = { db, table, file, pos: offset, row: n };
            const origin = { gtid, thread, server_id: serverId, ts_ms: timestampMs };
            const text = [
              `{"id":${JSON.stringify(id)},"op":"${op}","before":null,"after":${after},"key":${key},`,
              `"user":"app_prod","host":"","attribution":"ledger","source":`,
              `${JSON.stringify({ ...source, ...origin })}}`,
            ].join("");
            expect(write(change, AUTHOR)).toBe(text);
            bytes.write(change, AUTHOR, undefined);
            const target = Buffer.alloc(bytes.length);
            bytes.copyTo(target, 0);
            expect(target.toString()).toBe(legalText(text));
            expect(bytes.lengthUnescaped).toBe(Buffer.byteLength(text));
          }
        }
      },
    ),
  );
});

test("a change whose transaction is missing is refused", () => {
  const frame = readFrame(new TestLane().frame([{ id: 1 }]), SOURCE);
  const [change] = frame.changes;
  if (change === undefined) throw new Error("no change");
  const write = changeWriter(frame);
  expect(() => write({ ...change, transaction: 1 }, AUTHOR)).toThrow("has no transaction");
});
