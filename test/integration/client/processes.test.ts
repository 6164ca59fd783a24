import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createPositionsTable } from "../../support/client/positions-table.ts";
import { message } from "../../support/client/messages.ts";
import { startQueueRig, type QueueRig } from "../../support/client/queue-rig.ts";
import { spawnConsumer } from "../../support/client/spawn-consumer.ts";

describe("applications in processes of their own", () => {
  let rig: QueueRig;

  beforeEach(async () => {
    rig = await startQueueRig({ environments: ["staging", "production"] });
  });

  afterEach(() => rig[Symbol.asyncDispose]());

  const environment = (name: string, more: Record<string, string> = {}) => ({
    ...rig.aws.environment(),
    APP_ENV: name,
    ...more,
  });

  it("with the same code and another APP_ENV each receive their own changes only", async () => {
    await using staging = spawnConsumer(environment("staging"));
    await using production = spawnConsumer(environment("production"));
    await rig.send(message([1]), message([2], { environment: "production" }), message([3]));
    await vi.waitFor(() => expect(staging.lines).toHaveLength(4), 60_000);
    await vi.waitFor(() => expect(production.lines).toHaveLength(2), 60_000);
    expect(staging.lines).toEqual(["begin 1", "end 1", "begin 3", "end 3"]);
    expect(production.lines).toEqual(["begin 2", "end 2"]);
  });

  it("that are killed during a change leave it and its successors to the next process, in order", async () => {
    await rig.send(message([1]), message([2]), message([3]));
    await using first = spawnConsumer(environment("staging", { HANG_AT: "2" }));
    await vi.waitFor(() => expect(first.lines).toEqual(["begin 1", "end 1", "begin 2"]), 60_000);
    await vi.waitFor(async () => expect(await rig.depth()).toBe(2), 60_000);
    await first.kill("SIGKILL");
    await using second = spawnConsumer(environment("staging"));
    await vi.waitFor(() => expect(second.lines).toHaveLength(4), 60_000);
    expect(second.lines).toEqual(["begin 2", "end 2", "begin 3", "end 3"]);
  });

  it("drop each other's repeats with positions in DynamoDB", async () => {
    await createPositionsTable(rig.aws);
    const more = { POSITIONS_TABLE: "positions" };
    await rig.send(message([1, 2]), message([3]));
    await using first = spawnConsumer(environment("staging", more));
    await vi.waitFor(() => expect(first.lines).toHaveLength(6), 60_000);
    expect(await first.kill("SIGTERM")).toBe(0);
    await rig.send(message([4]), message([3]), message([1, 2]), message([5]));
    await using second = spawnConsumer(environment("staging", more));
    await vi.waitFor(() => expect(second.lines).toHaveLength(4), 60_000);
    expect(second.lines).toEqual(["begin 4", "end 4", "begin 5", "end 5"]);
  });
});
