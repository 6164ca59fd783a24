import { Ajv2020 } from "ajv/dist/2020.js";
import { Ajv, type AnySchema } from "ajv";
import asyncApiSpecs from "@asyncapi/specs";
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parseExactJson } from "../../../wire/exact-json.ts";
import { decodeMessage } from "../../../wire/message.ts";
import { environmentQueueName } from "../../../wire/names.ts";
import { message } from "../../support/client/messages.ts";

const root = new URL("../../../", import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), "utf8");
const parse = (path: string): unknown => JSON.parse(read(path));

const schema = parse("docs/schema/environment-message.schema.json") as Schema;
const asyncApi = parse("docs/schema/asyncapi.json") as {
  channels: { environmentQueue: { address: string } };
  components: { messages: { environmentMessage: { payload: { schema: { $ref: string } } } } };
};
const page = read("docs/message-format.md");
const golden = readdirSync(new URL("test/golden/messages", root)).map((file) => {
  const text = read(`test/golden/messages/${file}`);
  return { name: file, text, value: parseExactJson(text) };
});

interface Schema {
  readonly properties: Record<string, unknown>;
  readonly $defs: {
    readonly change: Schema;
    readonly changeSource: Schema;
    readonly changeSnapshot: Schema;
  };
}

const validate = new Ajv2020({
  strict: true,
  strictRequired: false,
  allowUnionTypes: true,
}).compile(schema);

describe("the message format", () => {
  it.each(golden)("$name matches the schema and is read by the library", ({ text, value }) => {
    expect(validate(JSON.parse(text)), JSON.stringify(validate.errors)).toBe(true);
    expect(decodeMessage(text)).toEqual(value);
  });

  it.each(golden)("$name has no field that the schema does not describe", ({ value }) => {
    const { changes, ...fields } = value as { changes: Record<string, unknown>[] };
    expect(keysOf(schema)).toEqual(expect.arrayContaining([...Object.keys(fields), "changes"]));
    for (const { source, ...change } of changes) {
      expect(keysOf(schema.$defs.change)).toEqual(expect.arrayContaining(Object.keys(change)));
      expect(keysOf(schema.$defs.changeSource)).toEqual(Object.keys(source as object));
    }
  });

  it("has a golden message for every operation", () => {
    const operations = golden.flatMap(({ text }) =>
      decodeMessage(text).changes.map(({ op }) => op),
    );
    expect(new Set(operations)).toEqual(new Set(["c", "u", "d", "t", "ddl", "r", "snapshot"]));
  });

  it("is illustrated on its page by exactly the golden messages", () => {
    const shown = [...page.matchAll(/```json\n(\{.*?)```/gs)].map((match) =>
      parseExactJson(match[1] ?? ""),
    );
    expect(shown).toHaveLength(golden.length);
    for (const { name, value } of golden) expect(shown, name).toContainEqual(value);
  });

  it("is explained on its page field by field", () => {
    const { change, changeSource, changeSnapshot } = schema.$defs;
    for (const part of [schema, change, changeSource, changeSnapshot]) {
      for (const field of keysOf(part)) {
        expect(page).toMatch(new RegExp(`^\\| (↳ )?\`${field}\``, "mu"));
      }
    }
  });

  it.each([
    ["no changes", { ...message([1]), changes: [] }],
    ["another version", { ...message([1]), version: 2 }],
    ["an invalid position", { ...message([1]), first: "1.2.3.4" }],
    ["an insert with a row image before", withChange({ before: { id: 1 } })],
    ["a delete with a row image after", withChange({ op: "d", before: { id: 1 } })],
    ["a statement without ddl", withChange({ statement: "DROP TABLE x" })],
    ["ddl without a statement", withChange({ op: "ddl", after: null, key: null })],
    [
      "a snapshot row that does not name its snapshot",
      withChange({ op: "r", attribution: "snapshot" }),
    ],
    ["an insert with a snapshot", withChange({ snapshot: { id: "x", table: "shop.orders" } })],
    ["an unknown attribution", withChange({ attribution: "guess" })],
  ])("refuses %s by its schema", (_what, value) => {
    expect(validate(value)).toBe(false);
  });

  it("allows additional fields within the version", () => {
    expect(validate({ ...message([1]), shard: 7 })).toBe(true);
    expect(validate(withChange({ transaction: { total: 2 } }))).toBe(true);
  });

  it("is the payload of a valid AsyncAPI document", () => {
    const ajv = new Ajv({ strict: false, validateFormats: false });
    const valid = ajv.compile(asyncApiSpecs.schemasWithoutId["3.0.0"] as AnySchema);
    expect(valid(asyncApi), JSON.stringify(valid.errors)).toBe(true);
    const { $ref } = asyncApi.components.messages.environmentMessage.payload.schema;
    expect(parse(`docs/schema/${$ref}`)).toEqual(schema);
    expect(asyncApi.channels.environmentQueue.address).toBe(
      environmentQueueName("{source}", "{subscriber}", "{environment}"),
    );
  });
});

function keysOf({ properties }: Schema): string[] {
  return Object.keys(properties);
}

function withChange(fields: Record<string, unknown>): unknown {
  const sound = message([1]);
  return { ...sound, changes: sound.changes.map((change) => ({ ...change, ...fields })) };
}
