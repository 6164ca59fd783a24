import { expect, test } from "vitest";
import type { ParkedRecord, Reason } from "../../../../../functions/failures/parked.ts";
import { queueStream } from "../../../../../functions/failures/stream.ts";
import { parkedMarks } from "../../../../../infra/local/demo/parked-marks.ts";

const image = { id: 1, written_by: "staging", change_no: 1 };
const BODY = JSON.stringify([
  {
    body: JSON.stringify({
      subscriber: "billing",
      changes: [{ op: "c", before: null, after: image, source: { table: "orders" } }],
    }),
  },
]);

const record = (lane: number, key: string, reason: Reason): ParkedRecord => ({
  stream: queueStream(lane, "shop-billing-staging.fifo"),
  key,
  status: "parked",
  trouble: { reason, error: "" },
  count: 1,
  parkedAt: 0,
  attempts: 0,
  lastFailureAt: 0,
  nextAttemptAt: null,
  bytes: 0,
  progress: 0,
  sent: new Set(),
  body: { kind: "inline", data: new Uint8Array() },
});

test("a record behind others has the reason of the one that its stream waits for", async () => {
  const records = [
    record(0, "1/1", "fault"),
    record(0, "2/2", "behind"),
    record(1, "1/1", "throttled"),
    record(1, "3/3", "behind"),
  ];
  const bodies = {
    store: () => Promise.reject(new Error("nothing is parked here")),
    load: () => Promise.resolve(BODY),
  };
  const reasons = (await parkedMarks(records, bodies)).map(({ reason }) => reason);
  expect(reasons).toEqual(["fault", "fault", "throttled", "throttled"]);
});
