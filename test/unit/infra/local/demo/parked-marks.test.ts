import { expect, test } from "vitest";
import type { ParkedRecord, Reason } from "../../../../../functions/failures/parked.ts";
import { queueStream } from "../../../../../functions/failures/stream.ts";
import { parkedMarks } from "../../../../../infra/local/demo/parked-marks.ts";
import { change, message } from "../../../../support/client/messages.ts";
import { parkedRecord } from "../../../../support/functions/parked-record.ts";

const image = { id: 1, written_by: "staging", change_no: 1 };
const BODY = JSON.stringify([
  { body: JSON.stringify(message([1], { changes: [change(1, { after: image })] })) },
]);

const record = (lane: number, key: string, reason: Reason): ParkedRecord =>
  parkedRecord({
    stream: queueStream(lane, "shop-billing-staging.fifo"),
    key,
    trouble: { reason, error: "" },
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
