import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { readFrame } from "../../../../functions/frame/read-frame.ts";
import { fanOut } from "../../../../functions/message/fan-out.ts";
import type { OutgoingMessage } from "../../../../functions/message/outgoing-message.ts";
import { attribute } from "../../../../functions/sessions/attribute.ts";
import { compressMessage } from "../../../../wire/compressed-message.ts";
import { bytesOf } from "../../../../wire/utf8-text.ts";
import { ofThisRelease, SOURCE, TestLane } from "../../../support/functions/frames.ts";
import { messagesIn } from "../../../support/functions/messages-in.ts";
import { productionRules } from "../../../support/functions/rules-of.ts";

/** What SQS takes, less room for ids and groups. */
const MOST_BYTES = 1_046_000;

function messagesOf(frame: string, form: object = {}): readonly OutgoingMessage[] {
  const rules = productionRules({ billing: { tables: ["shop.*"], ...form } });
  const read = readFrame(frame, SOURCE);
  const { authored } = attribute(read, read.changes, new Map(), rules.environmentOf);
  return messagesIn(fanOut(read, authored, rules).queues);
}

const frameOf = (text: (row: number) => string, rows = 100): string =>
  new TestLane().frame(Array.from({ length: rows }, (_, row) => ({ id: row, text: text(row) })));

const counts = (messages: readonly OutgoingMessage[]) => messages.map(({ changes }) => changes);

const random = (): string => randomBytes(22_500).toString("base64");

describe("a frame's messages", () => {
  const even = frameOf(() => "x".repeat(30_000));

  test("have the size that the frame names, and keep the former size where it names none", () => {
    expect(counts(messagesOf(ofThisRelease(even)))).toEqual([34, 34, 32]);
    expect(counts(messagesOf(even))).toEqual([29, 29, 29, 13]);
    for (const { body } of messagesOf(ofThisRelease(even)))
      expect(bytesOf(body)).toBeLessThanOrEqual(MOST_BYTES);
  });

  test("are twice as long when they are sent compressed", () => {
    const encoding = "zstd";
    expect(counts(messagesOf(ofThisRelease(even), { encoding }))).toEqual([68, 32]);
    expect(counts(messagesOf(even, { encoding }))).toEqual([59, 41]);
  });

  test("fit into SQS's limit with the escapes for characters that SQS refuses", () => {
    const refused = frameOf(() => "\uFFFE".repeat(10_000));
    const messages = messagesOf(ofThisRelease(refused));
    expect(counts(messages)).toEqual([17, 17, 17, 17, 17, 15]);
    for (const { body } of messages) expect(bytesOf(body)).toBeLessThanOrEqual(MOST_BYTES);
    expect(counts(messagesOf(refused))).toEqual([29, 29, 29, 13]);
  });

  test.each([0.2, 0.3, 0.4, 0.45, 0.5, 0.53, 0.6, 1])(
    "fit into it when they are compressed and a share of %d of the rows is random",
    async (share) => {
      const dense = frameOf(() =>
        random()
          .slice(0, 30_000 * share)
          .padEnd(30_000),
      );
      for (const { body } of messagesOf(ofThisRelease(dense), { encoding: "zstd" }))
        expect(bytesOf(await compressMessage(body))).toBeLessThanOrEqual(MOST_BYTES);
    },
  );
});
