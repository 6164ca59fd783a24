import { afterEach, beforeEach, expect, test } from "vitest";
import { threadStream } from "../../../../functions/failures/stream.ts";
import { SessionsTable } from "../../../../reader/sessions/sessions-table.ts";
import type { SessionEntry } from "../../../../wire/session.ts";
import { killAt } from "../../../support/functions/crashing.ts";
import { ofThisRelease, SERVER, TestLane } from "../../../support/functions/frames.ts";
import { rawEvent, retry, route } from "../../../support/functions/invoke.ts";
import { numbers } from "../../../support/functions/received.ts";
import { Stage } from "../../../support/functions/stage.ts";

const MINUTE_MS = 60_000;

let stage: Stage;
beforeEach(async () => {
  stage = await Stage.start();
});
afterEach(async () => {
  await stage[Symbol.asyncDispose]();
});

const UNKNOWN = { user: "", host: "", attribution: "ledger" } as const;
const KNOWN = { user: "app_prod", host: "h", attribution: "ledger" } as const;

test.for([
  { title: "the second of three", known: [2] },
  { title: "the first of three", known: [1] },
  { title: "the first two of three", known: [1, 2] },
])(
  "all changes of a connection arrive after a killed invocation that knew the author of $title",
  { timeout: 120_000 },
  async ({ known }) => {
    let died = true;
    for (let request = 1; died; request++) {
      for (const when of ["before", "after"] as const) {
        died = await killedOnce(known, request, when);
      }
    }
  },
);

/** Returns whether the invocation made that request and was killed at it. */
async function killedOnce(
  known: readonly number[],
  request: number,
  when: "before" | "after",
): Promise<boolean> {
  const lane = new TestLane(request * 2 + (when === "after" ? 1 : 0), 1, "life");
  const table = `shop.orders_${lane.lane}`;
  const connection = { server: SERVER, run: 1, thread: 1000 + lane.lane };
  const change = { user: null, thread: connection.thread, table };
  const event = rawEvent(
    [ofThisRelease(lane.frame([change, change, change]))],
    `lane-${lane.lane}`,
  );
  const sessions = new SessionsTable(stage.clients.dynamodb, "sessions");
  const entries: SessionEntry[] = [1, 2, 3].map((number) => ({
    from: lane.position(number),
    ...(known.includes(number) ? KNOWN : UNKNOWN),
  }));
  await sessions.record([{ connection, entries }]);

  const clients = stage.newClients();
  const { requests } = killAt(clients, request, when);
  await route(stage.runtimeWith(clients), event);
  for (const client of Object.values(clients)) client.destroy();
  expect(await route(stage.runtime, event)).toEqual([]);

  await sessions.record([{ connection, entries: [{ from: "", ...KNOWN }] }]);
  stage.clock.advance(MINUTE_MS);
  await retry(stage.runtime);
  const numbered = numbers(await stage.receiveAll("production"), table);
  const arrived = [...new Set(numbered)].toSorted((a, b) => a - b);
  const stream = threadStream(lane.lane, connection);
  const isOpen = (await stage.runtime.items.read(stream))?.status === "open";
  const all = [1, 2, 3];
  expect({ request, when, arrived, isOpen }).toEqual({
    request,
    when,
    arrived: all,
    isOpen: false,
  });
  return requests() >= request;
}
