import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { Base64Text } from "../../../wire/base64-text.ts";

test.each([0, 1, 2, 3, 1000, 24_575, 24_576, 24_577, 100_000])(
  "the text of %i bytes is their base64, and its length is known before",
  (count) => {
    const text = new Base64Text("zstd:", randomBytes(count));
    const expected = `zstd:${text.bytes.toString("base64")}`;
    expect(text.length).toBe(expected.length);
    const target = Buffer.alloc(text.length + 8, "x");
    expect(text.writeTo(target, 7)).toBe(7 + text.length);
    expect(target.toString()).toBe(`xxxxxxx${expected}x`);
    expect(String(text)).toBe(expected);
  },
);
