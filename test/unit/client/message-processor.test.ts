import { expect, test } from "vitest";
import { z } from "zod";
import { eachChange } from "../../../client/handler.ts";
import type { HeldMessage } from "../../../client/held-message.ts";
import { MessageProcessor } from "../../../client/message-processor.ts";
import { MessageReader } from "../../../client/message-reader.ts";
import { Payloads } from "../../../client/payload.ts";
import { MemoryPositionStore } from "../../../client/position-store.ts";
import { message } from "../../support/client/messages.ts";

const OWNER = { source: "shop", environment: "staging", subscriber: "billing" };

function held(): HeldMessage {
  return {
    id: "id",
    group: "shop.orders",
    body: JSON.stringify(message([7])),
    receiveCount: 1,
    receiptHandle: "handle",
    heldUntil: Infinity,
    longestUntil: Infinity,
    lost: new AbortController(),
  };
}

test("asks for a table's validator by its name, also where the names cannot be listed", async () => {
  const row = z.object({ id: z.int().transform(String) });
  const schemas = new Proxy({}, { get: (_, table) => (table === "shop.orders" ? row : undefined) });
  const rows: unknown[] = [];
  const processor = new MessageProcessor({
    handler: eachChange<Record<string, object>, undefined>(({ after }) => void rows.push(after)),
    positions: new MemoryPositionStore(),
    reader: new MessageReader(new Payloads(undefined), OWNER),
    schemas,
    queueUrl: "",
    around: undefined,
  });
  const outcome = await processor.process(held());
  expect(outcome.kind).toBe("handled");
  expect(rows).toEqual([{ id: "7" }]);
});

test("a handler may throw anything, and its message is retried", async () => {
  const { proxy: revoked, revoke } = Proxy.revocable({}, {});
  revoke();
  for (const thrown of [undefined, null, 0, "text", Promise.resolve(), revoked]) {
    const processor = new MessageProcessor({
      handler: eachChange(() => {
        throw thrown;
      }),
      positions: new MemoryPositionStore(),
      reader: new MessageReader(new Payloads(undefined), OWNER),
      schemas: undefined,
      queueUrl: "",
      around: undefined,
    });
    const outcome = await processor.process(held());
    expect(outcome.kind === "failed" && Object.is(outcome.error, thrown)).toBe(true);
  }
});
