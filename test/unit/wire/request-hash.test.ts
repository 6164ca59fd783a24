import { createHash, createHmac } from "node:crypto";
import { expect, test } from "vitest";
import { RequestHash } from "../../../wire/request-hash.ts";

const PARTS = [
  "text é",
  Buffer.from([0, 255, 128]),
  new Uint16Array([1, 2, 3]),
  new ArrayBuffer(9),
];

async function hexOf(hash: RequestHash): Promise<string> {
  for (const part of PARTS) hash.update(part);
  return Buffer.from(await hash.digest()).toString("hex");
}

const bytes = Buffer.concat(
  PARTS.map((part) =>
    typeof part === "string"
      ? Buffer.from(part)
      : Buffer.from(
          ArrayBuffer.isView(part)
            ? part.buffer.slice(part.byteOffset, part.byteOffset + part.byteLength)
            : part,
        ),
  ),
);

test("is SHA-256 of all parts", async () => {
  expect(await hexOf(new RequestHash())).toBe(createHash("sha256").update(bytes).digest("hex"));
});

test("is the HMAC with a secret that is a text or bytes, or a part of them", async () => {
  const secret = Buffer.from("a secret é");
  const around = Buffer.concat([Buffer.from("x"), secret, Buffer.from("y")]);
  const expected = createHmac("sha256", secret).update(bytes).digest("hex");
  for (const one of [
    "a secret é",
    secret,
    around.subarray(1, -1),
    new Uint8Array(secret).buffer,
    new DataView(around.buffer, around.byteOffset + 1, secret.length),
  ])
    expect(await hexOf(new RequestHash(one))).toBe(expected);
});
