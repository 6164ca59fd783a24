import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import { readFrame } from "../../../../functions/frame/read-frame.ts";
import type { RoutingInput } from "../../../../config/routing.ts";
import type { ConnectionKnowledge } from "../../../../functions/sessions/attribute.ts";
import type { OutgoingMessage } from "../../../../functions/message/outgoing-message.ts";
import { MOST_BYTES, nextBatches } from "../../../../functions/delivery/request-batches.ts";
import { compressMessage } from "../../../../wire/compressed-message.ts";
import type { EnvironmentMessage } from "../../../../wire/message.ts";
import { connectionName, type SessionEntry } from "../../../../wire/session.ts";
import { SERVER, SOURCE, TestLane, type TestChange } from "../../../support/functions/frames.ts";
import { messagesIn } from "../../../support/functions/messages-in.ts";
import { sharesOf } from "../../../support/functions/shares-of.ts";
import { bytesOf, type Utf8Text } from "../../../../wire/utf8-text.ts";

type GroupBy = "table" | "key" | "source";

function messagesOf(
  changes: readonly TestChange[],
  groupBy: GroupBy = "table",
  text?: string,
  keyBuckets?: number,
  replay?: string,
  knowledge: ReadonlyMap<string, ConnectionKnowledge> = new Map(),
  encoding?: "zstd",
) {
  const input: RoutingInput = {
    environments: { production: { users: ["app_prod", "€*"] } },
    subscribers: { billing: { tables: ["shop.*"], groupBy, keyBuckets, encoding } },
  };
  const frame = readFrame(text ?? new TestLane().frame(changes), SOURCE);
  const mark = replay === undefined ? {} : { replay: { id: replay } };
  return messagesIn(sharesOf({ ...frame, ...mark }, input, { knowledge }));
}

/** The numbers of messages in the requests that send these first. */
const batchesOf = (messages: readonly OutgoingMessage[]) =>
  nextBatches(messages.map(({ group, body }) => ({ group, bytes: bytesOf(body) }))).map(
    (batch) => batch.length,
  );

const sizes = (messages: readonly OutgoingMessage[]) => messages.map(({ changes }) => changes);

const idsOf = (messages: readonly OutgoingMessage[]) =>
  messages.map(({ deduplicationId }) => deduplicationId);

const parsed = (messages: readonly { body: string | Utf8Text }[]) =>
  messages.map(({ body }) => JSON.parse(String(body)) as EnvironmentMessage);

describe("environment messages", () => {
  test("match the JSON Schema of the message format for every operation", () => {
    const schema = JSON.parse(
      readFileSync(
        new URL("../../../../docs/schema/environment-message.schema.json", import.meta.url),
        "utf8",
      ),
    ) as object;
    const validate = new Ajv2020({ strict: false, validateFormats: false }).compile(schema);
    const operations: TestChange[] = [{}, { op: "u" }, { op: "d" }, { op: "t" }, { op: "ddl" }];
    for (const groupBy of ["table", "key", "source"] as const) {
      for (const message of parsed(
        messagesOf([...operations, { op: "u", id: 1, oldId: 2 }], groupBy),
      )) {
        expect(validate(message), JSON.stringify(validate.errors)).toBe(true);
      }
    }
  });

  test("of a replay equal the original ones except for the mark and the deduplication ids", () => {
    const changes: TestChange[] = [{}, { op: "u" }, { op: "d" }];
    const frame = new TestLane().frame(changes);
    const sent = messagesOf(changes, "table", frame);
    const again = messagesOf(changes, "table", frame, undefined, "first");
    const twice = messagesOf(changes, "table", frame, undefined, "second");
    expect(parsed(again)).toEqual(
      parsed(sent).map((message) => ({ ...message, replay: { id: "first" } })),
    );
    const ids = [sent, again, twice].flatMap((messages) =>
      messages.map(({ deduplicationId }) => deduplicationId),
    );
    expect(new Set(ids).size).toBe(ids.length);
    expect(messagesOf(changes, "table", frame, undefined, "first")).toEqual(again);
  });

  test("contain row images as the reader wrote them, digit for digit", () => {
    const image =
      '{"id": 18446744073709551615 ,"price":1.50,"e":1E400,"t":"\\u00e9\\ud83d\\ude00 é"}';
    const frame = new TestLane().frame([{}]);
    const fields = frame.split("\t");
    const text = [...fields.slice(0, -1), image].join("\t");
    const [message] = messagesOf([], "table", text);
    expect(String(message?.body)).toContain(`"after":${image},`);
  });

  test("escape the two characters that SQS refuses", () => {
    const [message] = messagesOf([{ text: "a\uFFFEb\uFFFFc" }]);
    expect(String(message?.body)).not.toMatch(/[\uFFFE\uFFFF]/);
    const [decoded] = parsed(message === undefined ? [] : [message]);
    expect(decoded?.changes[0]?.after?.["text"]).toBe("a\uFFFEb\uFFFFc");
  });

  test("of the last release's frames keep their ids; those of a life have ids of their own", () => {
    const ids = [null, "a", "b"].map(
      (life) => messagesOf([], "table", new TestLane(0, 1, life).frame([{}]))[0]?.deduplicationId,
    );
    expect(ids[0]).toBe("868cc683f029a5effbe4181d86e246b6b2a971e5382fbe9c62d1f1d7fe516757");
    expect(new Set(ids).size).toBe(3);
  });

  test("are cut below SQS's limit, at the same places each time, and follow one another", () => {
    const changes = Array.from({ length: 30 }, () => ({ text: "x".repeat(100_000) }));
    const messages = messagesOf(changes);
    expect(messages).toHaveLength(4);
    expect(messages).toEqual(messagesOf(changes));
    for (const { body } of messages) expect(bytesOf(body)).toBeLessThan(1_000_000);
    const positions = parsed(messages).flatMap(({ first, last }) => [first, last]);
    expect(positions).toEqual([...positions].sort());
    expect(new Set(messages.map(({ deduplicationId }) => deduplicationId)).size).toBe(4);
  });

  test("split an update that moves a row to another key's group, with ids of their own", () => {
    const messages = parsed(messagesOf([{ op: "u", id: 2, oldId: 1 }], "key"));
    expect(messages).toHaveLength(2);
    const [removed, created] = messages.map(({ changes }) => changes[0]);
    expect(removed).toMatchObject({ op: "d", key: { id: 1 }, after: null });
    expect(created).toMatchObject({ op: "c", key: { id: 2 }, before: null });
    expect(removed?.id).toBe(`${created?.id.slice(0, -2)}/d`);
    expect(messages[0]?.group).not.toBe(messages[1]?.group);
  });

  test("contain the rows of many keys when keys share buckets, each key always in the same one", () => {
    const ids = Array.from({ length: 300 }, (_, n) => ({ id: n % 100 }));
    const messages = parsed(messagesOf(ids, "key", undefined, 8));
    expect(messages).toHaveLength(8);
    const groupsOf = Map.groupBy(
      messages.flatMap(({ group, changes }) =>
        changes.map(({ key }) => ({ group, id: key?.["id"] })),
      ),
      ({ id }) => id,
    );
    expect(groupsOf.size).toBe(100);
    for (const places of groupsOf.values())
      expect(new Set(places.map(({ group }) => group)).size).toBe(1);
    for (const { changes } of messages) {
      const positions = changes.map(({ source }) => source.pos);
      expect(positions).toEqual(positions.toSorted((a, b) => a - b));
    }
  });

  test("split an update of the key when keys share buckets, even within one bucket", () => {
    const halves = parsed(messagesOf([{ op: "u", id: 2, oldId: 1 }], "key", undefined, 1));
    expect(halves.map(({ changes }) => changes.map(({ op, key }) => [op, key]))).toEqual([
      [
        ["d", { id: 1 }],
        ["c", { id: 2 }],
      ],
    ]);
  });

  test("of both halves of a large row in one bucket have different deduplication ids", () => {
    const update: TestChange = { op: "u", id: 2, oldId: 1, text: "x".repeat(600_000) };
    const messages = messagesOf([update], "key", undefined, 1);
    expect(messages.map(({ first, last }) => [first, last])).toEqual(
      Array.from({ length: 2 }, () => [messages[0]?.first, messages[0]?.first]),
    );
    expect(new Set(messages.map(({ deduplicationId }) => deduplicationId)).size).toBe(2);
  });

  test("are cut by bytes, whatever the characters of rows and names", () => {
    const umlauts = Array.from({ length: 20 }, () => ({ text: "ä".repeat(100_000) }));
    expect(messagesOf(umlauts)).toHaveLength(5);
    // The name of the table takes 40,000 bytes more than its escapes in the frame's header.
    const frame = new TestLane().frame(Array.from({ length: 20 }, () => ({ text: "x" })));
    const table = "\uFFFE".repeat(20_000);
    const named = frame.replaceAll('"orders"', `"${"\\uFFFE".repeat(20_000)}"`);
    const messages = messagesOf([], "source", named);
    expect(parsed(messages)[0]?.changes[0]?.source.table).toBe(table);
    expect(messages).toHaveLength(2);
  });

  test("are cut by bytes, whatever the characters of an author who is not in the frame", () => {
    const entry: SessionEntry = { from: "", user: "€".repeat(32), host: "", attribution: "ledger" };
    const connection = connectionName({ server: SERVER, run: 1, thread: 7 });
    const knowledge = new Map([[connection, { entries: [entry], parkedUpTo: null }]]);
    const changes = Array.from({ length: 2500 }, () => ({ user: null, thread: 7 }));
    const args = [changes, "table", undefined, undefined, undefined] as const;
    const bytes = messagesOf(...args, knowledge).map(({ body }) => bytesOf(body));
    expect(bytes).toHaveLength(2);
    // SQS's limit minus much room, as for other messages.
    expect(Math.max(...bytes)).toBeLessThan(901_000);
  });

  test("that are sent compressed are twice as long, with ids of their own where plain ones end earlier", () => {
    const packed = (changes: readonly TestChange[]) =>
      messagesOf(changes, "table", undefined, undefined, undefined, undefined, "zstd");
    const changes = Array.from({ length: 20 }, () => ({ text: "x".repeat(100_000) }));
    expect(sizes(messagesOf(changes))).toEqual([8, 8, 4]);
    expect(sizes(packed(changes))).toEqual([17, 3]);
    const all = [messagesOf(changes), packed(changes), packed(changes.slice(0, 12))];
    expect(new Set(all.flatMap(idsOf)).size).toBe(6);
    // A message that is the same for both has the same id.
    expect(idsOf(packed(changes.slice(0, 8)))).toEqual(idsOf(messagesOf(changes.slice(0, 8))));
    const huge = [{ text: "x".repeat(1_000_000) }];
    expect(idsOf(packed(huge))).toEqual(idsOf(messagesOf(huge)));
  });

  test("that are sent compressed are no longer than plain ones where rows compress badly", async () => {
    const changes = Array.from({ length: 20 }, () => ({
      text: randomBytes(75_000).toString("base64"),
    }));
    const plain = messagesOf(changes);
    const packed = messagesOf(changes, "table", undefined, undefined, undefined, undefined, "zstd");
    expect(sizes(packed)).toEqual([8, 8, 4]);
    expect(idsOf(packed)).toEqual(idsOf(plain));
    for (const { body } of packed) {
      expect(bytesOf(await compressMessage(body))).toBeLessThan(MOST_BYTES);
    }
  });

  test("are sent in rounds of one message per group and ten per request", () => {
    const wide = messagesOf(
      Array.from({ length: 25 }, (_, id) => ({ id })),
      "key",
    );
    expect(batchesOf(wide)).toEqual([10, 10, 5]);
    const long = messagesOf(Array.from({ length: 12 }, () => ({ text: "x".repeat(300_000) })));
    expect(batchesOf(long)).toEqual([1]);
  });
});
