import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseReceiveAnswer } from "../../../client/receive-answer.ts";

/** Makes every answer long enough for its bodies to be taken out of it. */
const PADDING = "x".repeat(40_000);

function parse(text: string): unknown {
  return parseReceiveAnswer(Buffer.from(text));
}

describe("an answer to a receive", () => {
  it("is what JSON.parse makes of it", () => {
    const text = fc.oneof(
      fc.string({ unit: fc.constantFrom("a", '"', "\\", "\n", "é", "😀", "\u0001") }),
      fc.constantFrom("", "Body", '"Body":"', '{"Body":"b"}', PADDING),
    );
    const name = fc.constantFrom("Body", "Body", "MessageId", 'x"Body', "Attributes");
    const member = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 3, withCrossShrink: true },
        text,
        fc.constantFrom(null, 1, [], {}),
        fc.dictionary(name, tie("value"), { maxKeys: 3 }),
      ),
    })).value;
    const message = fc.oneof(
      { weight: 5, arbitrary: fc.record({ MessageId: text, Body: text }) },
      { weight: 1, arbitrary: fc.dictionary(name, member, { maxKeys: 4 }) },
      { weight: 1, arbitrary: fc.constantFrom(null, "", 1, [""]) },
    );
    const answer = fc.record(
      { Messages: fc.oneof({ weight: 9, arbitrary: fc.array(message) }, member), Other: member },
      { requiredKeys: ["Messages"] },
    );
    const property = fc.property(answer, fc.nat(1), (value, indent) => {
      const json = JSON.stringify({ ...value, Padding: PADDING }, null, indent);
      expect(parse(json)).toEqual(JSON.parse(json));
    });
    fc.assert(property, { numRuns: 1000 });
  });

  it("keeps the bodies of members that occur twice or inside others apart", () => {
    const long = JSON.stringify(PADDING);
    for (const messages of [
      `{"Body":"a","Body":${long}},{"Other":1}`,
      `{"Body":"a","Inner":{"Body":${long}}},{"Body":null}`,
      `{"Body":"a","Inner":{"Body":"b"}},{"Body":${long}}`,
      `{"Body":${long}},{"Body":"a","Body":null}`,
      `{"x\\"Body":${long},"Body":"a"}`,
      `{"Body":${long}},{"Body":"\\u0041"},{"Body":"b"}`,
      `{"Body":""},{"Body":${long}},{"Body":""}`,
      `{"Body" :"","x\\"Body":${long}}`,
      `{"Body":"a","Body":${long}},{"Body": ""}`,
      `{"Body":${long},"Inner":{"Body":"b"}},{"Bod\\u0079":""}`,
    ]) {
      const json = `{"Messages":[${messages}]}`;
      expect(parse(json), messages.slice(0, 40)).toEqual(JSON.parse(json));
    }
  });

  it("is refused when it is no JSON", () => {
    const json = JSON.stringify({ Messages: [{ Body: PADDING }] });
    for (const wrong of [
      json.slice(0, -1),
      json.slice(0, -6),
      json.replace("xxx", "x\nx"),
      json.replace("xxx", 'x"x'),
      json.replace("xxx", "x\\x"),
      json.replace("Body", "\\Body"),
    ]) {
      expect(() => parse(wrong), wrong.slice(-20)).toThrow(SyntaxError);
    }
  });
});
