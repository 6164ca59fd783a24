import { PutItemCommand } from "@aws-sdk/client-dynamodb";
import { expect, test } from "vitest";
import { decodeRouting, encodeRouting } from "../../../../../config/routing.ts";
import { queueStream } from "../../../../../functions/failures/stream.ts";
import { readFrame } from "../../../../../functions/frame/read-frame.ts";
import { environmentOf } from "../../../../../functions/routing/environments.ts";
import { explained } from "../../../../../operator/commands/explain/explained-change.ts";
import { QueueRules } from "../../../../../operator/commands/explain/queue-rules.ts";
import { NearRecords } from "../../../../../operator/commands/explain/record-at.ts";
import { ChangeLocator } from "../../../../../operator/commands/explain/whereabouts.ts";
import {
  discardRecord,
  parkedRecords,
} from "../../../../../operator/commands/failures/failures-table.ts";
import { laneFor } from "../../../../../reader/frames/shipment.ts";
import { withLanes } from "../../../../../reader/offsets/lane-layout.ts";
import { OffsetStore } from "../../../../../reader/offsets/offset-store.ts";
import { attributesOf } from "../../../../../reader/offsets/reader-item.ts";
import { SERVER, SOURCE, TestLane } from "../../../../support/functions/frames.ts";
import { rawEvent, retry, route } from "../../../../support/functions/invoke.ts";
import { Stage } from "../../../../support/functions/stage.ts";
import { targetOf } from "../../../../support/functions/target.ts";

const ROUTING = decodeRouting(
  encodeRouting({
    environments: { staging: { users: ["app_staging"] } },
    subscribers: { billing: { tables: ["shop.*"] } },
  }),
);
const LIFE = "life";
/** The lane of shop.orders, of four. */
const LANE = laneFor("shop", "orders", 4);

test("what was sent with another number of lanes was delivered, unless a record of any lane has it", async () => {
  await using stage = await Stage.start();
  using target = targetOf(stage);
  const staging = { user: "app_staging" };
  const unknown = { user: null, thread: 24 };
  const changes = [staging, unknown, staging, staging, staging];

  // One lane sent the first four; the third one was discarded, and the fourth one retried.
  const former = new TestLane(0, 1, LIFE);
  const send = async (change: (typeof changes)[number]): Promise<void> =>
    expect(await route(stage.runtime, rawEvent([former.frame([change])]))).toEqual([]);
  await send(staging);
  await send(unknown);
  const fault = stage.breakQueue("staging", "AccessDenied");
  await send(staging);
  await send(staging);
  for await (const record of parkedRecords(target, queueStream(0, "shop-billing-staging.fifo"), {
    bodies: false,
  })) {
    await discardRecord(target, record);
    break;
  }
  fault.remove();
  stage.clock.advance(60_000);
  await retry(stage.runtime);

  const offset = withLanes(
    {
      epoch: 1,
      life: LIFE,
      server: SERVER,
      run: 1,
      gtidSet: null,
      file: "mysql-bin.000001",
      offset: 500,
      isExact: true,
      anchor: null,
      lanes: new Map([[0, former.position(4)]]),
      laneCount: 1,
      committedMs: 0,
      keptXa: [],
    },
    4,
  );
  const saved = attributesOf({ ...offset, offset: 600 });
  await stage.clients.dynamodb.send(
    new PutItemCommand({ TableName: "offsets", Item: { id: { S: "reader" }, ...saved } }),
  );
  const read = await new OffsetStore(target.dynamodb, "offsets").load();
  const options = {
    target,
    records: new NearRecords(target),
    environmentOf: environmentOf(ROUTING),
    rules: new QueueRules(SOURCE, ROUTING),
    locator: await ChangeLocator.read(target, read.offset),
  };
  const frame = readFrame(new TestLane(LANE, 1, LIFE).frameOf(changes, 1, null), SOURCE);
  const fates: string[] = [];
  for (const [n, change] of frame.changes.entries()) {
    const { user } = changes[n] ?? staging;
    const author = user === null ? null : { user, host: "", attribution: "ledger" as const };
    const { fate, queues } = await explained({ frame, change, author }, options, false);
    fates.push([fate, ...queues].map((each) => each?.kind ?? "").join(""));
  }
  expect(LANE).toBeGreaterThan(0);
  expect(fates).toEqual(["delivered", "parked", "discarded", "delivered", "on-its-way"]);
});
