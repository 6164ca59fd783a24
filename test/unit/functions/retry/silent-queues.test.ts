import { expect, test } from "vitest";
import type { SendResult } from "../../../../functions/delivery/queue-sender.ts";
import type { Reason } from "../../../../functions/failures/parked.ts";
import type { OutgoingMessage } from "../../../../functions/message/outgoing-message.ts";
import { askingSilentOnce } from "../../../../functions/retry/silent-queues.ts";

const MESSAGE: OutgoingMessage = {
  environment: "staging",
  group: "shop.orders",
  deduplicationId: "1",
  changes: 1,
  first: "1",
  last: "1",
  body: "",
};

test.each([
  { reason: "queue-unavailable", tookMs: 10_000, asked: 1 },
  { reason: "queue-unavailable", tookMs: 100, asked: 3 },
  { reason: "throttled", tookMs: 10_000, asked: 3 },
] satisfies readonly { reason: Reason; tookMs: number; asked: number }[])(
  "a queue with the trouble $reason after $tookMs ms gets $asked of three requests",
  async ({ reason, tookMs, asked }) => {
    let now = 0;
    const sends: string[] = [];
    const sender = askingSilentOnce(
      {
        async send(queueName, unsent): Promise<SendResult> {
          sends.push(queueName);
          if (queueName === "sound.fifo") return { kind: "sent" };
          now += tookMs;
          return { kind: "trouble", trouble: { reason, error: "why" }, unsent };
        },
      },
      () => now,
    );
    for (let n = 0; n < 3; n++) {
      const result = await sender.send("odd.fifo", [MESSAGE]);
      expect(result).toEqual({
        kind: "trouble",
        trouble: { reason, error: "why" },
        unsent: [MESSAGE],
      });
    }
    expect(sends).toHaveLength(asked);
    expect(await sender.send("sound.fifo", [MESSAGE])).toEqual({ kind: "sent" });
  },
);
