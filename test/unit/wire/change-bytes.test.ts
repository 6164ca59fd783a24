import * as fc from "fast-check";
import { expect, test, vi } from "vitest";
import { readFrame } from "../../../functions/frame/read-frame.ts";
import { ChangeBytes } from "../../../wire/change-bytes.ts";
import { changePieces, changeWriter, type KeyChangeHalf } from "../../../wire/change-text.ts";
import type { Predecessor } from "../../../wire/compact-links.ts";
import { compactPieces } from "../../../wire/compact-text.ts";
import type { FrameChange } from "../../../wire/frame.ts";
import type { Change } from "../../../wire/message.ts";
import { legalText } from "../../../wire/legal-text.ts";
import type { Author } from "../../../wire/session.ts";
import { SharedText } from "../../../wire/shared-text.ts";
import { SOURCE, TestLane } from "../../support/functions/frames.ts";
import { randomFrame } from "../../support/functions/random-frames.ts";

const AUTHOR: Author = { user: "app_prod", host: "", attribution: "ledger" };

function textOf(bytes: ChangeBytes, change: FrameChange, half?: KeyChangeHalf): string {
  bytes.write(change, AUTHOR, half);
  const target = Buffer.alloc(1 + bytes.length);
  bytes.copyTo(target, 1);
  return target.toString("utf8", 1);
}

test("a change is written once for all queues, and each half of it apart", () => {
  const frame = readFrame(new TestLane().frame([{ id: 1 }, { op: "u", id: 3, oldId: 2 }]), SOURCE);
  const image = vi.fn<(text: string) => string>((text) => text);
  const changes = frame.changes.map((change) => ({
    ...change,
    get after() {
      return image(change.after);
    },
  }));
  const bytes = new ChangeBytes(changePieces(frame));
  for (const change of changes) {
    image.mockClear();
    const texts = Array.from({ length: 3 }, () => textOf(bytes, change));
    expect(image).toHaveBeenCalledTimes(1);
    const alone = changeWriter(frame)(change, AUTHOR);
    expect(texts).toEqual([alone, alone, alone]);
  }
  const [, update] = changes;
  if (update === undefined) throw new Error("no update");
  // A queue that wants the whole change may come after one that wants its halves.
  const texts = [undefined, "delete", "create", undefined] as const;
  const ops = texts.map((half) => (JSON.parse(textOf(bytes, update, half)) as { op: string }).op);
  expect(ops).toEqual(["u", "d", "c", "u"]);
});

test("any text is written in UTF-8, without characters that SQS refuses", () => {
  const piece = fc.tuple(
    fc.string({ unit: fc.constantFrom("a", '"', "é", "€", "😀", "\uFFFE", "\uFFFF") }),
    fc.constantFrom(1, 1, 1000),
  );
  const frame = readFrame(new TestLane().frame([{}]), SOURCE);
  const [change] = frame.changes;
  if (change === undefined) throw new Error("no change");
  fc.assert(
    fc.property(fc.array(piece), (drawn) => {
      const texts = drawn.map(([text, times]) => text.repeat(times));
      const bytes = new ChangeBytes((pieces) => {
        for (const text of texts) pieces.putText(text);
      });
      const text = texts.join("");
      expect(textOf(bytes, change)).toBe(legalText(text));
      expect(bytes.lengthUnescaped).toBe(Buffer.byteLength(text));
    }),
  );
});

test("a text that changes share is the same at its first use and after it", () => {
  const frame = readFrame(new TestLane().frame([{}, {}, {}]), SOURCE);
  const texts = ["short", "é\uFFFE".repeat(9), `${"x".repeat(5000)}\uFFFF`];
  for (const text of texts) {
    const shared = new SharedText(text);
    const bytes = new ChangeBytes((pieces) => {
      pieces.putShared(shared);
      pieces.put("-");
    });
    for (const change of frame.changes) {
      expect(textOf(bytes, change)).toBe(`${legalText(text)}-`);
      expect(bytes.lengthUnescaped).toBe(Buffer.byteLength(text) + 1);
    }
  }
});

test("a shared text has bytes from its second use on, always the same ones", () => {
  const shared = new SharedText("text");
  expect(shared.use()).toBe(null);
  const bytes = shared.use();
  expect(bytes?.toString()).toBe("text");
  expect(shared.use()).toBe(bytes);
});

test("a shared text finds room where it was not written before", () => {
  const frame = readFrame(new TestLane().frame([{}]), SOURCE);
  const [change] = frame.changes;
  if (change === undefined) throw new Error("no change");
  const shared = new SharedText("x".repeat(5000));
  for (let time = 0; time < 3; time++) {
    const bytes = new ChangeBytes((pieces) => pieces.putShared(shared));
    expect(textOf(bytes, change)).toBe(shared.text);
  }
});

test("each change names the binlog file of its own transaction", () => {
  const frame = readFrame(new TestLane().frame([{}, {}, {}]), SOURCE);
  const [transaction] = frame.transactions;
  if (transaction === undefined) throw new Error("no transaction");
  const files = ["binlog.000001", "binlog.000002", "binlog.000003"];
  const transactions = files.map((file) => ({ ...transaction, file }));
  const changes = frame.changes.map((change, index) => ({
    ...change,
    table: 0,
    transaction: index,
  }));
  const bytes = new ChangeBytes(changePieces({ ...frame, transactions }));
  const texts = [...changes, ...changes].map((change) => textOf(bytes, change));
  const named = texts.map((text) => (JSON.parse(text) as Change).source.file);
  expect(named).toEqual([...files, ...files]);
});

test("a change after one that could not be written is whole", () => {
  const frame = readFrame(new TestLane().frame([{ id: 1 }]), SOURCE);
  const [change] = frame.changes;
  if (change === undefined) throw new Error("no change");
  const bytes = new ChangeBytes(changePieces(frame));
  const broken = {
    ...change,
    get after(): string {
      throw new Error("broken");
    },
  };
  const whole = changeWriter(frame)(change, AUTHOR);
  // The last change that could be written is no longer in the buffer.
  expect(textOf(bytes, change)).toBe(whole);
  expect(() => textOf(bytes, broken)).toThrow("broken");
  expect(() => textOf(bytes, broken)).toThrow("broken");
  expect(textOf(bytes, change)).toBe(whole);
});

test("a compact change knows its length in an envelope", () => {
  const halves = fc.array(fc.constantFrom(undefined, undefined, "delete" as const));
  fc.assert(
    fc.property(randomFrame, halves, (text, drawn) => {
      const frame = readFrame(text, SOURCE);
      const envelopes = new ChangeBytes(changePieces(frame));
      const compact = new ChangeBytes(compactPieces(frame));
      let previous: Predecessor | null = null;
      for (const [index, change] of frame.changes.entries()) {
        const author = frame.authors[frame.transactions[change.transaction]?.author ?? 0] ?? AUTHOR;
        const half = change.oldKey === "" ? undefined : drawn[index];
        envelopes.write(change, author, half);
        compact.write(change, author, half, previous);
        expect(compact.lengthInEnvelope).toBe(envelopes.lengthUnescaped);
        expect(compact.lengthUnescaped).toBeLessThanOrEqual(envelopes.lengthUnescaped);
        if (index % 5 !== 4) previous = { change, author };
        else previous = null;
      }
    }),
  );
});
