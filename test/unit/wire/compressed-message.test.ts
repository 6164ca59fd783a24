import { describe, expect, test } from "vitest";
import { InvalidMessageError, UnsupportedMessageVersionError } from "../../../client/errors.ts";
import { compressMessage, messageText } from "../../../wire/compressed-message.ts";
import { decodeMessage } from "../../../wire/message.ts";
import { Utf8Text } from "../../../wire/utf8-text.ts";
import { message } from "../../support/client/messages.ts";

const numbers = Array.from({ length: 500 }, (_, index) => index);
const long = JSON.stringify(message(numbers)).replaceAll('"id":7', '"id":7,"note":"ä😀\\uffff"');

describe("a message's text that is compressed", () => {
  test("is a tenth as long and is restored unchanged", async () => {
    const body = await compressMessage(long);
    expect(body).toMatch(/^\{"version":2,"encoding":"zstd","data":"[A-Za-z0-9+/=]+"\}$/);
    expect(body.length).toBeLessThan(Buffer.byteLength(long) / 10);
    expect(await messageText(body)).toBe(long);
  });

  test("stays uncompressed when it is short, because SQS bills it as one unit anyway", async () => {
    const short = JSON.stringify(message([1]));
    expect(await compressMessage(short)).toBe(short);
    expect(await messageText(short)).toBe(short);
  });

  test("is refused by a reader that knows version 1 only, so that it stays in the queue", async () => {
    const body = await compressMessage(long);
    expect(() => decodeMessage(body)).toThrow(UnsupportedMessageVersionError);
  });

  test("is refused when it is damaged anywhere", async () => {
    const body = await compressMessage(long);
    for (const at of [45, 60, Math.floor(body.length / 2), body.length - 8]) {
      const damaged = body.slice(0, at) + (body[at] === "A" ? "B" : "A") + body.slice(at + 1);
      await expect(messageText(damaged)).rejects.toThrow(InvalidMessageError);
    }
  });
});

test("a text that is freed while a thread compresses it stays until then", async () => {
  const written = JSON.stringify(Array.from({ length: 400_000 }, (_, n) => n));
  const text = new Utf8Text(Buffer.from(written));
  const compressed = compressMessage(text);
  text.free();
  expect((await messageText(String(await compressed))) === written).toBe(true);
  expect(() => text.bytes).toThrow(RangeError);
});
