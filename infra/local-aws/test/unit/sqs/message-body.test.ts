import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../../http/aws-json.ts";
import { SeededRandom } from "../../../http/seeded-random.ts";
import { jsonProtocol } from "../../../sqs/protocols/json-protocol.ts";
import { parseAroundBodies, stringifyAroundBodies } from "../../../sqs/protocols/message-bodies.ts";
import { MessageBody } from "../../../sqs/queues/message-body.ts";

const SEED = Number(process.env["BODIES_SEED"] ?? Date.now() % 2 ** 32);

/** A body is decoded in pieces of this length. */
const PIECE = 65_536;

/** Fragments of JSON strings, and those whose characters SQS refuses. */
const ASCII = ["a", "u", "0", "d83d", "\u007F", "a".repeat(7), "a".repeat(15), "a".repeat(16)];
const ESCAPES = ['\\"', "\\\\", "\\/", "\\n", "\\r", "\\t", "\\u0041", "\\u00E9", "\\u6f22"];
const OTHERS = ["é", "漢", "\uFFFD", "\uD7FF", "\uE000", "😀", "\u{1FFFE}", "\\ud83d\\ude00"];
const FRAGMENTS = [...ASCII, ...ESCAPES, ...OTHERS];
const REFUSED = ["\\b", "\\f", "\\u0000", "\\u001f", "\\ufffe", "\uFFFE", "\\ud83d", "\\ude00"];
/** Fragments that no JSON string has, except behind others of them. */
const BREAKING = ["\n", "\u0000", "\u001F", '"', "\\", "\\x", "\\u12", "\\u00g0"];

/** Parts of a JSON string, and the text that each stands for. */
const PARTS = [
  ["a", "a"],
  ['\\"', '"'],
  ["\\\\", "\\"],
  ["\\/", "/"],
  ["\\n", "\n"],
  ["\\u0041", "A"],
  ["é", "é"],
  ["漢", "漢"],
  ["😀", "😀"],
  ["\\ud83d\\ude00", "😀"],
] as const;

describe(`with BODIES_SEED=${SEED}`, () => {
  test("a body has the text, size and checksum of its JSON, wherever that is cut", () => {
    const random = new SeededRandom(SEED);
    for (let round = 0; round < 100; round++) {
      const before = "a".repeat(PIECE - random.below(100));
      const parts = Array.from({ length: 200 }, () => random.pick(PARTS));
      const text = before + parts.map(([, meant]) => meant).join("");
      const body = MessageBody.ofJson(
        Buffer.from(`"${before}${parts.map(([written]) => written).join("")}"`),
      );
      expect(body?.text).toBe(text);
      expect(body).toMatchObject(factsOf(text));
    }
  });

  test("a body is what JSON.parse says, or none, whatever the JSON is", () => {
    const random = new SeededRandom(SEED);
    const found = { bodies: 0, refused: 0, none: 0 };
    for (let round = 0; round < 5_000; round++) {
      const few = Array.from({ length: random.below(30) }, () => random.pick(FRAGMENTS));
      for (const kind of [REFUSED, BREAKING])
        if (random.chance(0.2)) few.splice(random.below(few.length + 1), 0, random.pick(kind));
      const isLong = random.chance(0.02);
      const before = isLong ? "a".repeat(PIECE - random.below(60)) : "";
      const json = `"${before}${few.join("")}"`;
      const body = MessageBody.ofJson(Buffer.from(json));
      const text = textOf(json);
      if (text === undefined || body === undefined) {
        expect([body, text], json).toEqual([undefined, undefined]);
        found.none++;
        continue;
      }
      const expected = MessageBody.ofText(text);
      expect(body.text).toBe(text);
      expect(body.isAllowed, json).toBe(expected.isAllowed);
      expect([body.bytes, body.length], json).toEqual([expected.bytes, expected.length]);
      if (body.isAllowed) expect(body.md5, json).toBe(expected.md5);
      found[body.isAllowed ? "bodies" : "refused"]++;
    }
    for (const rounds of Object.values(found)) expect(rounds).toBeGreaterThan(250);
  });

  test("a request parses as by JSON.parse, or has to be parsed as a whole", () => {
    const random = new SeededRandom(SEED);
    const pieces = ['{"MessageBody":"', '","MessageBody":"', '"', "\\", ",", "}", "a", '"}'];
    let around = 0;
    for (let round = 0; round < 10_000; round++) {
      const text = Array.from({ length: 1 + random.below(8) }, () => random.pick(pieces)).join("");
      const json = random.chance(0.5)
        ? JSON.stringify({ MessageBody: text, MessageGroupId: "g", "": text })
        : `{"MessageBody":"${text}`;
      const input = parseAroundBodies(Buffer.from(json), 1 + random.below(3));
      if (input === undefined) continue;
      around++;
      expect(plain(input)).toEqual(JSON.parse(json));
    }
    expect(around).toBeGreaterThan(500);
  });
});

test("a body without a place for a cut is decoded at once", () => {
  const text = '"'.repeat(PIECE);
  expect(bodyOf(text)).toMatchObject(factsOf(text));
});

test("a character that SQS refuses is found on either side of a cut", () => {
  for (const refused of ["\u0000", "\u001F", "\uFFFE", "\uD83D", "\uDE00"])
    for (const place of [0, ...Array.from({ length: 24 }, (_, index) => PIECE - 20 + index)]) {
      const text = `${"a".repeat(place)}${refused}${"z".repeat(24)}`;
      for (const body of [bodyOf(text), MessageBody.ofText(text)])
        expect(body?.isAllowed).toBe(false);
    }
});

test("what is not exactly one JSON string in UTF-8 is no body", () => {
  const notUtf8 = Buffer.from([0x22, 0xff, 0x22]);
  for (const json of [
    "",
    '"',
    "1",
    '"a',
    '"a"b"',
    '"a\\"',
    '"\\x"',
    '"\n"',
    `"${"a".repeat(PIECE)}"b"`,
  ])
    expect(MessageBody.ofJson(Buffer.from(json)), json.slice(0, 9)).toBeUndefined();
  expect(MessageBody.ofJson(notUtf8)).toBeUndefined();
});

test("the bodies of a send as SDKs write it are not parsed with the request", () => {
  const entries = ['{"a":"b\\"c"}', "", 'ends in \\"', "é 漢 😀", "x".repeat(2 * PIECE)].map(
    (text, n) => ({ Id: `${n}`, MessageBody: text, MessageGroupId: "g", DelaySeconds: 0 }),
  );
  for (const sent of [...entries, { QueueUrl: "http://q", Entries: entries }]) {
    const input = parseAroundBodies(
      Buffer.from(JSON.stringify(sent)),
      10,
    ) as unknown as typeof sent;
    expect(plain(input)).toEqual(sent);
    for (const one of "Entries" in input ? input.Entries : [input])
      expect(one.MessageBody).toBeInstanceOf(MessageBody);
  }
});

test("a request with a MessageBody that is no message's body has to be parsed as a whole", () => {
  const inAttribute = '{"MessageAttributes":{"a":{"MessageBody":"x"}},"MessageBody":"b"}';
  const inOther =
    '{"MessageBody":"b","Entries":[{"MessageBody":"c"},{"Other":{"MessageBody":"x"}}]}';
  const twice = '{"Entries":[{"MessageBody":"x","MessageBody":"b"}]}';
  for (const json of [inAttribute, inOther, twice])
    for (const most of [1, 2, 10]) {
      const input = parseAroundBodies(Buffer.from(json), most);
      if (input !== undefined) expect(plain(input)).toEqual(JSON.parse(json));
    }
  expect(parseAroundBodies(Buffer.from(inAttribute), 10)).toBeUndefined();
});

test("a small body does not keep its request in memory", () => {
  const Entries = [{ MessageBody: "small" }, { MessageBody: "x".repeat(PIECE) }];
  const input = parseAroundBodies(Buffer.from(JSON.stringify({ Entries })), 10);
  const [small] = (input as unknown as { Entries: { MessageBody: MessageBody }[] }).Entries;
  expect(small?.MessageBody.json?.buffer.byteLength).toBeLessThan(PIECE);
});

test("a short request is parsed as a whole, a long one around its bodies", () => {
  const text = 'é "\\\u2028';
  const short = [{ MessageBody: text }];
  const long = [{ MessageBody: text }, { MessageBody: "x".repeat(PIECE) }];
  expect(parsedBatch(short)).toEqual({ Entries: short });
  expect(parsedBatch(long)).toEqual({
    Entries: long.map(({ MessageBody: body }) => ({ MessageBody: bodyOf(body) })),
  });
  expect(MessageBody.ofText(text)).toMatchObject({ text, ...factsOf(text) });
});

test("an answer contains a body as its request did", () => {
  const bodies = [
    ...['"\\u0041\\/"', '"é"', '""'].map((json) => MessageBody.ofJson(Buffer.from(json))),
    MessageBody.ofText('"é"'),
    bodyOf("z"),
  ];
  const Messages = bodies.map((Body) => ({ Body, Id: "1" }));
  expect(answer({ Messages })).toBe(
    '{"Messages":[{"Body":"\\u0041\\/","Id":"1"},{"Body":"é","Id":"1"},{"Body":"","Id":"1"},{"Body":"\\"é\\"","Id":"1"},{"Body":"z","Id":"1"}]}',
  );
  expect(answer({ Messages: [{ Body: MessageBody.ofText("a") }] })).toBe(
    '{"Messages":[{"Body":"a"}]}',
  );
  expect(answer({})).toBe("{}");
});

test("an answer releases its bodies when it is written", () => {
  const bodies = [bodyOf("z"), MessageBody.ofText("text")];
  for (const body of bodies) body?.hold();
  const { body, written } = stringifyAroundBodies({ Messages: bodies.map((Body) => ({ Body })) });
  expect(String(Buffer.concat(body as Uint8Array[]))).toContain('"z"');
  expect(bodies[0]?.text).toBe("z");
  written?.();
  expect(() => bodies[0]?.text).toThrow(/memory was given back/);
});

function parsedBatch(Entries: readonly object[]): JsonObject {
  const headers = { "x-amz-target": "AmazonSQS.SendMessageBatch" };
  const body = Buffer.from(JSON.stringify({ Entries }));
  return jsonProtocol.parse({ method: "POST", url: "/", headers, body }).input;
}

/** What JSON.parse makes of it; undefined: nothing. */
function textOf(json: string): string | undefined {
  try {
    return JSON.parse(json) as string;
  } catch {
    return undefined;
  }
}

function answer(output: JsonObject): string {
  const { body: parts } = stringifyAroundBodies(output);
  return typeof parts === "string" ? parts : String(Buffer.concat(parts as Uint8Array[]));
}

/** A body that is held as JSON. */
function bodyOf(text: string): MessageBody | undefined {
  return MessageBody.ofJson(Buffer.from(JSON.stringify(text)));
}

/** A parsed request with texts in place of its bodies. */
function plain(input: object): unknown {
  return JSON.parse(
    JSON.stringify(input, (_name, value: unknown) =>
      value instanceof MessageBody ? value.text : value,
    ),
  );
}

function factsOf(text: string): Partial<MessageBody> {
  return {
    bytes: Buffer.byteLength(text),
    length: text.length,
    md5: createHash("md5").update(text).digest("hex"),
    isAllowed: true,
  };
}
