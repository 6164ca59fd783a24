import * as fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { readJsonString } from "../../../wire/unescape-json.ts";
import { INPUT_BYTES } from "../../../wire/unescape-module/assembly/layout.ts";

/** What `readJsonString` returns for the string that begins with the text. */
function read(json: string | Buffer) {
  const bytes = Buffer.from(json);
  return readJsonString(bytes, 1);
}

describe("reading a JSON string", () => {
  it("gives the text that JSON.parse gives, and where the string ends", () => {
    const character = fc.constantFrom(
      "a",
      "b",
      '"',
      "\\",
      "/",
      "\n",
      "\t",
      "\b",
      "\f",
      "é",
      "\u2028",
      "😀",
    );
    const part = fc.tuple(fc.string({ unit: character }), fc.integer({ min: 1, max: 5000 }));
    const text = fc.array(part, { maxLength: 6 }).map((parts) => {
      return parts.map(([some, times]) => some.repeat(times)).join("");
    });
    fc.assert(
      fc.property(text, (value) => {
        const json = JSON.stringify(value);
        const end = Buffer.byteLength(json) - 1;
        expect(read(`${json},"x\\`)).toEqual({ text: value, end });
      }),
    );
  });

  it("takes escapes and quotes at every place of a block and of a piece", () => {
    for (const escape of ['\\"', "\\\\", "\\n", '\\\\\\"', '\\"\\"', "é"]) {
      for (let place = 0; place < 40; place++) {
        for (const before of [place, INPUT_BYTES - place]) {
          const json = `"${"x".repeat(before)}${escape}${"y".repeat(place)}"`;
          const text = JSON.parse(json) as string;
          expect(read(json)?.text === text, `${escape} behind ${before}`).toBe(true);
        }
      }
    }
  });

  it("reads the longest body of SQS, and leaves a longer one to JSON.parse", () => {
    const longest = '"é'.repeat(2 ** 20 / 3).slice(0, -1) + "ab";
    for (const text of [longest, '"'.repeat(2 ** 20), "x".repeat(2 ** 20)]) {
      expect(read(JSON.stringify(text))?.text === text).toBe(true);
      expect(read(JSON.stringify(text.repeat(2)))).toBeUndefined();
    }
  });

  it("leaves escapes of four digits, and what is no JSON, to JSON.parse", () => {
    const long = "x".repeat(INPUT_BYTES);
    for (const before of ["", "x".repeat(20), long.slice(1), long]) {
      for (const wrong of ['\\u0041"', '\\ud83e\\udd8a"', '\n"', '\0"', '\\x"', "", "\\", '\\"']) {
        expect(read(`"${before}${wrong}`), JSON.stringify(wrong)).toBeUndefined();
      }
    }
  });

  it("replaces bytes that are no UTF-8 like Buffer's toString", () => {
    const json = Buffer.from([0x22, 0xff, 0x61, 0xc3, 0x22]);
    expect(read(json)).toEqual({ text: "\ufffda\ufffd", end: 4 });
  });
});

describe("without WebAssembly", () => {
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.resetModules();
  });

  it("reads nothing, and the module loads", async () => {
    vi.resetModules();
    vi.stubGlobal("WebAssembly", undefined);
    const fresh = await import("../../../wire/unescape-json.ts");
    expect(fresh.readJsonString(Buffer.from('"a"'), 1)).toBeUndefined();
  });
});
