import * as fc from "fast-check";
import { expect, test } from "vitest";
import { readFrame } from "../../../../functions/frame/read-frame.ts";
import { MessageBytes } from "../../../../functions/message/message-bytes.ts";
import { ChangeBytes } from "../../../../wire/change-bytes.ts";
import { encodeMessage } from "../../../../wire/message.ts";
import type { Author } from "../../../../wire/session.ts";
import { SOURCE, TestLane } from "../../../support/functions/frames.ts";

const AUTHOR: Author = { user: "app_prod", host: "", attribution: "ledger" };

/** How large each change is, and to which of three messages it goes. */
const changes = fc.array(
  fc.record({
    message: fc.nat({ max: 2 }),
    text: fc.constantFrom("a", "é", "😀"),
    length: fc.constantFrom(1, 100, 5000, 20_000, 400_000),
  }),
  { maxLength: 25 },
);

const headOf = (message: number, last: number) => ({
  source: "shop",
  subscriber: "é",
  environment: "staging",
  group: String(message),
  first: "0",
  last: String(last),
});

test("messages that are written at the same time, and one after the other, have their own bytes", () => {
  const frame = readFrame(new TestLane().frame([{}]), SOURCE);
  const [change] = frame.changes;
  if (change === undefined) throw new Error("no change");
  const written: { readonly body: unknown; readonly expected: string }[] = [];
  fc.assert(
    fc.property(changes, (drawn) => {
      const open = new Map<number, { readonly bytes: MessageBytes; readonly texts: string[] }>();
      for (const { message, text, length } of drawn) {
        const piece = text.repeat(length);
        const bytes = new ChangeBytes((pieces) => pieces.putText(piece));
        bytes.write(change, AUTHOR, undefined);
        const known = open.get(message);
        known?.bytes.add(bytes);
        known?.texts.push(piece);
        if (known === undefined) {
          open.set(message, { bytes: new MessageBytes(headOf(message, 0), bytes), texts: [piece] });
        }
      }
      for (const [message, { bytes, texts }] of open) {
        const last = Math.min(9, texts.length);
        written.push({
          body: bytes.finish(headOf(message, last)),
          expected: encodeMessage(headOf(message, last), texts.join(",")),
        });
      }
      for (const { body, expected } of written.slice(-10)) expect(String(body)).toBe(expected);
    }),
    { numRuns: 30 },
  );
});
