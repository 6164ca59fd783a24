import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { Base64Text } from "../../../wire/base64-text.ts";
import { requestBody } from "../../../wire/request-body.ts";
import { RequestBuffers } from "../../../wire/request-buffers.ts";
import { Utf8Text } from "../../../wire/utf8-text.ts";

/** Buffers are as long as a multiple of this, so only there a body can be too long for one. */
const STEP = 64 * 1024;

test("a body of any kind has room for its quotes and escapes", () => {
  const bodies = [
    new Base64Text("", randomBytes((STEP / 4) * 3)),
    new Utf8Text(Buffer.from('"'.repeat(STEP / 2))),
    new Utf8Text(Buffer.from("\n".repeat(STEP / 2))),
  ];
  for (const body of bodies) {
    const { bytes } = requestBody([body], new RequestBuffers());
    expect(bytes.toString()).toBe(JSON.stringify(String(body)));
  }
});
