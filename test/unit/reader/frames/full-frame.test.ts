import { describe, expect, test } from "vitest";
import { readFrame } from "../../../../functions/frame/read-frame.ts";
import { fanOut } from "../../../../functions/message/fan-out.ts";
import { attribute } from "../../../../functions/sessions/attribute.ts";
import { RowTexts } from "../../../../reader/binlog-format/rows/row-texts.ts";
import { authorSize } from "../../../../reader/frames/envelope-size.ts";
import { frameSizesOf, isFull } from "../../../../reader/frames/full-frame.ts";
import { InFlightFrames } from "../../../../reader/frames/in-flight-frames.ts";
import { FrameParts, OpenFrame } from "../../../../reader/frames/open-frame.ts";
import { MESSAGE_BYTES } from "../../../../wire/frame.ts";
import { bytesOf } from "../../../../wire/utf8-text.ts";
import { messagesIn } from "../../../support/functions/messages-in.ts";
import { productionRules } from "../../../support/functions/rules-of.ts";

const KIB = 1024;
const AUTHOR = { user: "app_prod", host: "10.0.0.1", attribution: "ledger" } as const;

const isFullAt = (bytes: number, messages: number, shrinks = true, setting?: number): boolean =>
  isFull({ bytes, messageBytes: messages * MESSAGE_BYTES }, frameSizesOf(setting), shrinks);

describe("a frame is full", () => {
  test("at 720 KiB if its lane's rows hardly become shorter, or at the size that is set", () => {
    expect(isFullAt(720 * KIB - 1, 0.99, false)).toBe(false);
    expect(isFullAt(720 * KIB, 0.5, false)).toBe(true);
    expect(isFullAt(16 * KIB - 1, 0.99, true, 16)).toBe(false);
    expect(isFullAt(16 * KIB, 0.5, true, 16)).toBe(true);
    expect(isFullAt(720 * KIB, 0.5, true, 720)).toBe(true);
  });

  test("where its last message is filled, or at 1 MiB, if they do", () => {
    expect(isFullAt(720 * KIB - 1, 0.99)).toBe(false);
    expect(isFullAt(720 * KIB, 0.98)).toBe(false);
    expect(isFullAt(720 * KIB, 0.99)).toBe(true);
    expect(isFullAt(720 * KIB, 1.01)).toBe(false);
    expect(isFullAt(900 * KIB, 1.99)).toBe(true);
    expect(isFullAt(1024 * KIB, 1.5)).toBe(true);
  });
});

/** The sizes of the messages of one subscriber, and the frame's own. */
function sizesOf(row: { readonly after: string; readonly key: string }, changesEach: number) {
  const frame = new OpenFrame(new InFlightFrames().open(), new FrameParts(), authorSize([AUTHOR]));
  const sizes = frameSizesOf(undefined);
  let its;
  for (let n = 0; !isFull(frame, sizes, true); n++) {
    const number = n % changesEach;
    its =
      number > 0 && its !== undefined
        ? its
        : {
            gtidPrefix: "3e11fa47-71ca-11e1-9e33-c80aa9429562:",
            gtidNumber: 4_000_000 + n,
            file: "mysql-bin.000123",
            fileNumber: 123,
            start: 1_000_000 + 1000 * n,
            thread: 90_123,
            run: 1,
            serverId: 1,
            committedUs: 1_700_000_000_000_000 + n,
          };
    const place = {
      database: "shop",
      table: "orders",
      offset: its.start + 100,
      row: number,
      n: number,
    };
    frame.add(1, its, { op: "c", ...place, texts: RowTexts.of(row) });
  }
  const binlog = {
    source: "shop",
    epoch: 1,
    life: "l",
    server: "5441fac8-0000-0000-0000-000000000001",
  };
  const authors = Array.from({ length: frame.transactions.length }, () => AUTHOR);
  const { bytes } = frame.seal(binlog, { lane: 0, previous: null }, authors);
  const read = readFrame(bytes.toString(), "shop");
  const rules = productionRules();
  const { authored } = attribute(read, read.changes, new Map(), rules.environmentOf);
  const { queues } = fanOut(read, authored, rules);
  return { frame: bytes.length, messages: messagesIn(queues).map(({ body }) => bytesOf(body)) };
}

describe("a full frame becomes messages that are filled", () => {
  const key = '{"id":4123456}';
  const rowOf = (characters: number) => ({
    key,
    after: `{"id":4123456,"note":"${"x".repeat(characters)}"}`,
  });

  test.each<[string, ReturnType<typeof rowOf>, number, number]>([
    ["small rows of large transactions", rowOf(200), 200, 2],
    ["small rows of one-row transactions", rowOf(200), 1, 1],
    ["wide rows", rowOf(1500), 200, 1],
  ])("%s", (_name, row, changesEach, count) => {
    const { frame, messages } = sizesOf(row, changesEach);
    expect(frame).toBeLessThan(1088 * KIB);
    expect(messages).toHaveLength(count);
    for (const bytes of messages) {
      expect(bytes).toBeLessThan(1_046_000);
      expect(bytes).toBeGreaterThan(0.93 * MESSAGE_BYTES);
    }
  });
});
