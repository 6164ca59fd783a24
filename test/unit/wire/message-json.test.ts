import * as fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { TEXT_BYTES } from "../../../wire/alike-module/assembly/layout.ts";
import { parseAlikeObjects } from "../../../wire/alike-objects.ts";
import { parseExactJson } from "../../../wire/exact-json.ts";
import { parseMessageJson } from "../../../wire/message-json.ts";
import { objectScanner } from "../../../wire/object-scanner.ts";

/** The text of a list's end, behind its opening bracket, as a message has it. */
function listOf(items: readonly string[]): string {
  return `${items.join()}]}`;
}

/** What a parser makes of a text, with the order of names; or that it refuses it. */
function outcome(parse: () => unknown): unknown {
  try {
    const value = parse();
    return { value, names: namesIn(value) };
  } catch (error) {
    if (error instanceof SyntaxError) return "SyntaxError";
    throw error;
  }
}

/** The names of all objects, in their order. */
function namesIn(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(namesIn);
  if (typeof value !== "object" || value === null) return null;
  return Object.entries(value).map(([name, inner]) => [name, namesIn(inner)]);
}

/** All objects and lists in a value. */
function objectsIn(value: unknown): object[] {
  if (typeof value !== "object" || value === null) return [];
  return [value, ...Object.values(value).flatMap(objectsIn)];
}

const escape = fc.constantFrom('\\"', "\\\\", "\\n", "\\u00e9", "\\ud83e\\udd8a", "\\ud800", "\\/");
const character = fc.constantFrom("a", "7", " ", "}", "]", ",", ":", "{", "[", "é", "ÿ");
const string = fc
  .array(fc.oneof({ weight: 6, arbitrary: character }, escape), { maxLength: 30 })
  .map((parts) => `"${parts.join("")}"`);
const digits = fc.string({
  unit: fc.constantFrom(...Array.from("0123456789")),
  minLength: 1,
  maxLength: 21,
});
const whole = digits.map((text) => text.replace(/^0+(?=.)/, ""));
const number = fc
  .tuple(
    fc.constantFrom("", "-"),
    whole,
    fc.option(digits),
    fc.constantFrom("", "", "", "e5", "E+20", "e-3", "e400"),
  )
  .map(([sign, before, after, exponent]) => {
    return sign + before + (after === null ? "" : `.${after}`) + exponent;
  });
const plain = fc.constantFrom("null", "true", "false", "0", "-0", "1", '"open"', '""', "[]", "{}");
const deep = fc.constantFrom('{"a":{"b":[1,"]}"]}}', '[{"a":12345678901234567890}]', '[[],"\\""]');
const value = fc.oneof(string, number, plain, deep);
const word = fc.constantFrom("id", "name", "", "é", 'q\\"', "a,b", "__proto__", "\\u0069d", "a7");
const name = fc.oneof({ weight: 60, arbitrary: word }, fc.constantFrom("7", "12"));

function membersOf(names: readonly string[], values: readonly string[]): string {
  return names.map((text, index) => `"${text}":${values[index]}`).join();
}

/** Texts of objects with some names, of which some values are those of the object before. */
function alike(values: fc.Arbitrary<string>): fc.Arbitrary<string[]> {
  return fc
    .record({
      names: fc.uniqueArray(name, { minLength: 1, maxLength: 6 }),
      inner: fc.uniqueArray(fc.constantFrom("before", "after", "key"), { maxLength: 3 }),
      rows: fc.array(fc.array(fc.option(values, { freq: 2 }), { minLength: 24, maxLength: 24 }), {
        minLength: 2,
        maxLength: 8,
      }),
    })
    .map(({ names, inner, rows }) => {
      const current = Array.from({ length: 24 }, () => "1");
      return rows.map((row) => {
        row.forEach((text, index) => (current[index] = text ?? current[index] ?? ""));
        const nested = inner.map((text, index) => {
          return `"${text}":{${membersOf(names, current.slice(6 * (index + 1)))}}`;
        });
        return `{${[membersOf(names, current), ...nested].join()}}`;
      });
    });
}

const lists = fc
  .array(alike(value), { minLength: 1, maxLength: 4 })
  .map((several) => several.flat())
  .chain((items) => fc.shuffledSubarray(items, { minLength: items.length }))
  .map((items) => Array.from({ length: 30 }, () => items).flat());

/** The text of 64 objects, of so many characters. */
function long(length: number, letter: string): string {
  const items = Array.from({ length: 63 }, () => `{"id":1,"text":"${letter.repeat(16_000)}"}`);
  const text = listOf([...items, '{"id":1,"text":"']).slice(0, -2);
  const end = '"}]}';
  return text + letter.repeat(length - text.length - end.length) + end;
}

/** The texts of 80 objects with so many columns and an id. */
function wide(columns: number): string[] {
  const names = Array.from({ length: columns }, (_, index) => `"c${index}":${index}`);
  return Array.from({ length: 80 }, (_, id) => `{"id":${id},${names.join()}}`);
}

function expectExact(items: readonly string[]): void {
  expect(parseAlikeObjects(listOf(items), 0, "]}")).toEqual(parseExactJson(`[${items.join()}]`));
}

/** The texts of 40 objects with objects of strings, which have so many characters. */
function withStrings(lengths: readonly number[]): string[] {
  return Array.from({ length: 40 }, (_, id) => {
    const texts = lengths.map((size, column) => {
      return `${id}${String.fromCharCode(224 + ((id * column) % 7)).repeat(size)}`.slice(0, size);
    });
    const row = Object.fromEntries(texts.map((text, column) => [`c${column}`, text]));
    const other = Object.fromEntries(texts.map((text, column) => [`d${column}`, `${text}!`]));
    return JSON.stringify({ id, before: row, after: other, key: other, again: row });
  });
}

describe("parsing objects that are alike", () => {
  it("gives the values that parseExactJson gives, in the same order of names", () => {
    let parsed = 0;
    fc.assert(
      fc.property(lists, (items) => {
        const text = `[${listOf(items)}`;
        const expected = outcome(() => parseExactJson(`[${items.join()}]`));
        const actual = outcome(() => parseAlikeObjects(text, 1, "]}"));
        if (typeof actual === "object" && (actual as { value: unknown }).value === undefined)
          return;
        parsed++;
        expect(actual).toEqual(expected);
      }),
    );
    expect(parsed).toBeGreaterThan(40);
  });

  it("gives strings of every length, however many an object has", () => {
    const length = fc.oneof(fc.constantFrom(12, 13, 64, 65), fc.nat(90));
    const lengths = fc.array(length, { minLength: 1, maxLength: 25 });
    fc.assert(fc.property(lengths.map(withStrings), expectExact));
    expectExact(withStrings(Array.from({ length: 199 }, () => 63)));
  });

  it.each([
    [51, 40],
    [52, 79],
  ])(
    "makes 512 characters of an object's strings in one call; the last has %i, calls: %i",
    (last, calls) => {
      const items = Array.from({ length: 40 }, (_, id) => {
        const texts = [13, 64, 64, 64, 64, 64, 64, 64, last].map((size) => {
          return `${id}`.padEnd(size, "abcdefghi".charAt(id % 9));
        });
        return JSON.stringify({
          id,
          ...Object.fromEntries(texts.map((text, n) => [`c${n}`, text])),
        });
      });
      const made = vi.spyOn(objectScanner?.bytes ?? Buffer.of(), "toString");
      expectExact(items);
      expect(made).toHaveBeenCalledTimes(calls);
      made.mockRestore();
    },
  );

  it("makes the strings of several objects in one call, 512 characters at most", () => {
    const items = Array.from({ length: 61 }, (_, id) => {
      return JSON.stringify({ id, one: `${id}`.padEnd(40, "a"), two: `${id}`.padEnd(40, "b") });
    });
    const made = vi.spyOn(objectScanner?.bytes ?? Buffer.of(), "toString");
    expectExact(items);
    // The first object is parsed alone; six have 480 characters.
    expect(made).toHaveBeenCalledTimes(1 + 10);
    made.mockRestore();
  });

  it("reads more alike objects, and more values that differ, than it keeps at a time", () => {
    for (const columns of [1, 100, 199]) {
      const items = Array.from({ length: 300 }, (_, id) => {
        const row = Array.from({ length: columns }, (__, n) => [`c${n}`, id * n + id]);
        return JSON.stringify({ before: Object.fromEntries(row), after: Object.fromEntries(row) });
      });
      expectExact(items);
      // The form of the others ends in the middle of those that are read together.
      expectExact([...items.slice(0, 70), '{"other":1}', ...items.slice(70)]);
    }
  });

  it("makes no object, list or ExactDecimal a part of two objects", () => {
    const row =
      '{"doc":{"a":[1]},"tags":[],"exact":-12345678901234567890.5,"e":1234567890123456e-3}';
    const items = Array.from(
      { length: 40 },
      (_, id) => `{"id":${id},"before":${row},"after":${row}}`,
    );
    const found = objectsIn(parseAlikeObjects(listOf(items), 0, "]}"));
    expect(found).toHaveLength(1 + 40 * 11);
    expect(new Set(found).size).toBe(found.length);
  });

  it("leaves what has few objects with known names to parseExactJson", () => {
    const few = Array.from({ length: 10 }, (_, id) => `{"id":${id}}`);
    expect(parseAlikeObjects(listOf(few), 0, "]}")).toBeUndefined();
    const different = Array.from({ length: 200 }, (_, id) => `{"id${id}":${id}}`);
    expect(parseAlikeObjects(listOf(different), 0, "]}")).toBeUndefined();
  });

  it("takes the forms of later objects in place of earlier ones", () => {
    const columns = Array.from({ length: 100 }, (_, index) => `"c${index}":${index}`).join();
    const runs = Array.from({ length: 1200 }, (_, row) => {
      return `{"id":${row},${columns.replaceAll('"c', `"c${Math.floor(row / 12)}_`)}}`;
    });
    expect(parseAlikeObjects(listOf(runs), 0, "]}")).toEqual(parseExactJson(`[${runs.join()}]`));
  });

  it("leaves a text at once when more forms are usual than it keeps", () => {
    const different = Array.from({ length: 60 }, (_, id) => `{"id${id}":${id}}`);
    const items = Array.from({ length: 40 }, () => different).flat();
    // What comes later is not read: it is no JSON.
    expect(parseAlikeObjects(listOf([...items, "no JSON"]), 0, "]}")).toBeUndefined();
    const usual = Array.from({ length: 80 }, () => different.slice(0, 30)).flat();
    expect(parseAlikeObjects(listOf(usual), 0, "]}")).toHaveLength(2400);
  });

  it("leaves texts that have no room to parseExactJson, and takes all others", () => {
    expect(parseAlikeObjects(long(TEXT_BYTES, "x"), 0, "]}")).toHaveLength(64);
    expect(parseAlikeObjects(long(TEXT_BYTES + 1, "x"), 0, "]}")).toBeUndefined();
    expect(parseAlikeObjects(long(TEXT_BYTES, "ÿ"), 0, "]}")).toHaveLength(64);
    expect(parseAlikeObjects(long(TEXT_BYTES + 1, "ÿ"), 0, "]}")).toBeUndefined();
  });

  it("leaves texts with characters that Latin-1 lacks to parseExactJson", () => {
    const items = Array.from({ length: 60 }, (_, id) => `{"id":${id},"name":"ÿ"}`);
    expect(parseAlikeObjects(listOf(items), 0, "]}")).toHaveLength(60);
    for (const other of ["Ā", "€", "🦊", "\ud800"]) {
      expect(parseAlikeObjects(listOf(items).replace("ÿ", other), 0, "]}")).toBeUndefined();
    }
  });

  it("keeps the order of names that are numbers, and the last value of a name", () => {
    for (const other of ['{"id":1,"7":2}', '{"id":1,"id":{"a":2}}', '{"id":{"a":1},"id":null}']) {
      const items = Array.from({ length: 100 }, (_, id) =>
        id % 30 === 29 ? other : `{"id":${id}}`,
      );
      expect(outcome(() => parseAlikeObjects(listOf(items), 0, "]}"))).toEqual(
        outcome(() => parseExactJson(`[${items.join()}]`)),
      );
    }
  });

  it("leaves objects with very many names to parseExactJson", () => {
    const items = wide(199);
    expect(parseAlikeObjects(listOf(items), 0, "]}")).toEqual(parseExactJson(`[${items.join()}]`));
    expect(parseAlikeObjects(listOf(wide(200)), 0, "]}")).toBeUndefined();
    const [many = ""] = wide(199);
    const nested = many.replaceAll(/:\d+/g, `:${many}`);
    expect(
      parseAlikeObjects(listOf(Array.from({ length: 40 }, () => nested)), 0, "]}"),
    ).toBeUndefined();
  });
});

describe("parsing a message", () => {
  const head = '{"version":1,"group":"é \\"changes\\":[","changes":[';
  const items = Array.from({ length: 60 }, (_, id) => {
    return `{"id":"x:${id}/0","after":{"id":${9007199254740990n + BigInt(id)},"name":"n ${id}"},"source":{"row":${id % 3}}}`;
  });
  const text = head + listOf(items);

  it("keeps the other fields, and numbers beyond 2^53", () => {
    expect(parseMessageJson(text)).toEqual(parseExactJson(text));
    expect(Object.keys(parseMessageJson(text) as object)).toEqual(["version", "group", "changes"]);
    expect(parseAlikeObjects(text, head.length, "]}")).toEqual(parseExactJson(`[${items.join()}]`));
  });

  it("takes and refuses what parseExactJson does, however a text was damaged", () => {
    fc.assert(
      fc.property(
        fc.nat(text.length - 1),
        fc.nat(4),
        fc.constantFrom("", '"', "\\", "{", "}", "[", "]", ",", ":", "0", "-", ".", "e", " ", "\n"),
        (place, removed, put) => {
          const damaged = text.slice(0, place) + put + text.slice(place + removed);
          expect(outcome(() => parseMessageJson(damaged))).toEqual(
            outcome(() => parseExactJson(damaged)),
          );
        },
      ),
      { numRuns: 1500 },
    );
  });

  it("takes lists in other places, spaces, and lone surrogates as parseExactJson does", () => {
    for (const other of [
      `{"a":{"changes":[${listOf(items)},"changes":[]}`,
      `{"changes":[${items.join()}],"version":1}`,
      `{"version":1,"changes":[],"changes":[${listOf(items)}`,
      `{"version":1,"q\\"changes":[${listOf(items)}`,
      `{"version":1,"changes":[${listOf(items)} `,
      `{"version":1,"changes":[ ${items.join(", ")} ]}`,
      `{"version":1,"changes":[${listOf(items)}`.replace("n 7", "\ud800"),
    ]) {
      expect(outcome(() => parseMessageJson(other))).toEqual(outcome(() => parseExactJson(other)));
    }
  });
});

describe("a module that was just loaded", () => {
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.resetModules();
  });

  it("reads nothing behind a text that ends too early", async () => {
    vi.resetModules();
    const fresh = await import("../../../wire/message-json.ts");
    const items = Array.from({ length: 300 }, (_, id) => `{"id":${id},"name":"a","doc":{"b":[]}}`);
    const text = `{"version":1,"changes":[${items.join()},{"id":1,"name":"\\"}`;
    for (let end = text.length; end > text.length - 60; end--) {
      expect(() => fresh.parseMessageJson(text.slice(0, end))).toThrow(SyntaxError);
    }
  });

  it("leaves all to parseExactJson without WebAssembly", async () => {
    vi.resetModules();
    vi.stubGlobal("WebAssembly", undefined);
    const fresh = await import("../../../wire/alike-objects.ts");
    const items = Array.from({ length: 60 }, (_, id) => `{"id":${id}}`);
    expect(fresh.parseAlikeObjects(listOf(items), 0, "]}")).toBeUndefined();
  });
});
