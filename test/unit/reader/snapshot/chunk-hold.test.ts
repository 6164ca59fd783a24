import { expect, test } from "vitest";
import { RowTexts } from "../../../../reader/binlog-format/rows/row-texts.ts";
import { ChunkReader, type ChunkSource } from "../../../../reader/snapshot/chunk-reader.ts";
import { keyText, rowText } from "../../../support/snapshot/model-rows.ts";

// Tests for how long the stream waits when only the server knows the order of the keys.

const RANGE = { lower: null, upper: ["9"] };
const HELD = 50;

interface Question {
  readonly keys: readonly string[];
  readonly longestMs: number | null;
  readonly answer: PromiseWithResolvers<readonly boolean[]>;
}

/** A chunk that has no rows yet. Its stream has inserted `inserted` rows since it was read. */
async function afterInserts(inserted: number): Promise<{
  questions: Question[];
  passes: () => void | Promise<void>;
  insert: (count: number) => void;
  reading: Promise<unknown>;
  handed: string[];
}> {
  const questions: Question[] = [];
  const handed: string[] = [];
  const selecting = Promise.withResolvers<void>();
  let [offset, key] = [1, 100];
  const source: ChunkSource = {
    untilVisible: () => Promise.resolve(),
    select: async () => {
      await selecting.promise;
      return { rows: new Map(), range: RANGE, unread: new Set() };
    },
    end: () => Promise.resolve({ fileNumber: 1, offset }),
    isInRange: () => null,
    areInRange: (keys, _range, longestMs) => {
      const answer = Promise.withResolvers<readonly boolean[]>();
      questions.push({ keys, longestMs, answer });
      return answer.promise;
    },
  };
  const sizes = { partRows: 200, partBytes: 1 << 20, heldKeys: HELD };
  const reader = new ChunkReader(source, { asksAgain: false, ...sizes }, (_place, { rows }) => {
    handed.push(...rows.keys());
  });
  const passes = (): void | Promise<void> =>
    reader.passes({ file: "binlog.000001", fileNumber: 1, offset: ++offset });
  const insert = (count: number): void => {
    for (let i = 0; i < count; i++, key++) {
      const texts = RowTexts.of({ key: keyText(key), after: rowText(key, "new") });
      reader.change({ op: "c", texts });
    }
  };
  void passes();
  const reading = reader.read(0);
  reading.catch(() => undefined);
  await new Promise(setImmediate);
  insert(inserted);
  void passes();
  selecting.resolve();
  await new Promise(setImmediate);
  return { questions, passes, insert, reading, handed };
}

test("the stream goes on while the server is asked about many keys, and waits for the last few", async () => {
  const { questions, passes, insert, reading, handed } = await afterInserts(1000);
  const [many] = questions;
  expect(many?.keys).toHaveLength(1000);
  expect(many?.longestMs).toBeNull();
  insert(HELD);
  expect(passes()).toBeUndefined();
  many?.answer.resolve(Array.from({ length: 1000 }, (_, i) => i === 0));
  await new Promise(setImmediate);
  const [, few] = questions;
  expect(few?.keys).toHaveLength(HELD);
  expect(few?.longestMs).toBeGreaterThan(0);
  const held = passes();
  expect(held).toBeInstanceOf(Promise);
  few?.answer.resolve(Array.from({ length: HELD }, (_, i) => i === 1));
  await held;
  expect(await reading).toMatchObject({ kind: "handed over", following: "nothing" });
  expect(handed).toEqual([keyText(100), keyText(1101)]);
  expect(questions).toHaveLength(2);
});

test("the stream goes on when the server does not answer in time, and the chunk has failed", async () => {
  const { questions, passes, reading, handed } = await afterInserts(HELD);
  const held = passes();
  expect(held).toBeInstanceOf(Promise);
  questions[0]?.answer.reject(new Error("too late"));
  await held;
  await expect(reading).rejects.toThrow("too late");
  expect(passes()).toBeUndefined();
  expect(handed).toEqual([]);
});
