import { afterEach, beforeEach, expect, test } from "vitest";
import { Deployments } from "../../../support/deployments.ts";
import { TestLane } from "../../../support/functions/frames.ts";
import { numbers } from "../../../support/functions/received.ts";

// Follows the operator's steps in docs/deploying.md, "Updating", and docs/runbook.md, "Failures
// pending".

const production = { users: ["app_prod"] };
const tester = { users: ["app_test"] };
const retired = { users: [] };
const billing = { tables: ["shop.*"] };
const subscribers = { billing };
const BEFORE = { environments: { production, test: tester }, subscribers };
const STREAM = "queue/0/shop-billing-test.fifo";

let deployments: Deployments;
let lane: TestLane;
beforeEach(async () => {
  deployments = await Deployments.start(BEFORE);
  lane = new TestLane();
});
afterEach(() => deployments[Symbol.asyncDispose]());

/** Writes a change with the account of `test` and routes it with the deployed function. */
function change(): Promise<void> {
  return deployments.route(lane.frame([{ user: "app_test" }]));
}

/** Receives everything in billing's queue of an environment, as its application does. */
async function received(environment: string): Promise<number[]> {
  return numbers(await deployments.stage.receiveAll(environment));
}

test("an environment is removed: first its users, then the environment, then its empty queues", async () => {
  await change();

  const withoutUsers = { environments: { production, test: retired }, subscribers };
  expect(await deployments.plan(withoutUsers)).toMatchObject({ code: 0 });
  await deployments.deploy(withoutUsers);
  await change();
  expect(await received("unrouted")).toEqual([2]);

  const removed = { environments: { production }, subscribers };
  const planned = await deployments.plan(removed);
  expect(planned.out).toMatch(
    /leaves the queue shop-billing-test\.fifo behind: .* \(it has about 1 message\)/,
  );
  expect(planned.code).toBe(0);
  await deployments.deploy(removed);
  await change();
  expect(await received("unrouted")).toEqual([3]);

  // The waiting messages are still there for their application.
  expect((await deployments.queues("list")).out).toBe(
    "shop-billing-test-dead.fifo: empty\nshop-billing-test.fifo: about 1 message\n",
  );
  expect(await received("test")).toEqual([1]);
  const names = ["shop-billing-test.fifo", "shop-billing-test-dead.fifo"];
  expect(await deployments.queues("discard", ...names, "--yes")).toMatchObject({ code: 0 });
  expect((await deployments.queues("list")).out).toBe("No queue is left over.\n");
});

test("left-over queues are discarded by name, and queues of a stack are refused", async () => {
  await change();
  await deployments.deploy({ environments: { production }, subscribers });

  const present = await deployments.queues("discard", "shop-billing-production.fifo", "--yes");
  expect(present).toMatchObject({
    code: 2,
    problem: expect.stringMatching(
      /^shop-billing-production\.fifo is not a left-over queue of the source shop/,
    ),
  });
  const unasked = await deployments.queues("discard", "shop-billing-test.fifo");
  expect(unasked).toMatchObject({
    code: 2,
    problem: expect.stringMatching(/shop-billing-test\.fifo \(about 1 message\).*add --yes/),
  });
  expect(await received("test")).toEqual([1]);
});

test("an environment is renamed: both names for a while, and no change is lost in between", async () => {
  await change();

  const both = { environments: { production, test: retired, testing: tester }, subscribers };
  expect(await deployments.plan(both)).toMatchObject({ code: 0 });
  await deployments.deploy(both);
  await change();
  expect(await received("testing")).toEqual([2]);
  expect(await received("test")).toEqual([1]);

  const renamed = { environments: { production, testing: tester }, subscribers };
  expect(await deployments.plan(renamed)).toMatchObject({ code: 0 });
  await deployments.deploy(renamed);
  await change();
  expect(await received("testing")).toEqual([3]);
});

test("a subscriber is renamed in the same way", async () => {
  await change();

  const both = { ...BEFORE, subscribers: { billing, invoices: billing } };
  expect(await deployments.plan(both)).toMatchObject({ code: 0 });
  await deployments.deploy(both);
  await change();
  expect(await received("test")).toEqual([1, 2]);

  const renamed = { ...BEFORE, subscribers: { invoices: billing } };
  expect(await deployments.plan(renamed)).toMatchObject({ code: 0 });
  await deployments.deploy(renamed);
  await change();
  expect(numbers(await deployments.stage.receiveAll("test", "invoices"))).toEqual([2, 3]);
});

test("changes that are parked for an environment outlive it, and are delivered in order when it is restored", async () => {
  const trouble = deployments.stage.breakQueue("test", "AccessDenied");
  await change();
  trouble.remove();
  const removed = { environments: { production }, subscribers };
  await deployments.deploy(removed);
  deployments.stage.clock.advance(60_000);
  await deployments.retry();
  expect((await deployments.failures("list")).out).toMatch(
    /shop-billing-test\.fifo.*access-denied/,
  );

  // The names stay in use until the retained queues are discarded.
  const refused = await deployments.plan(BEFORE);
  expect(refused.code).toBe(1);
  const [, command = ""] =
    /npm run queues -- (discard [^\n]*) --source shop/.exec(refused.out) ?? [];
  expect(command).toBe("discard shop-billing-test.fifo shop-billing-test-dead.fifo");
  await expect(deployments.deploy(BEFORE)).rejects.toThrow("already exists");
  expect(await deployments.queues(...command.split(" "), "--yes")).toMatchObject({ code: 0 });
  expect(await deployments.plan(BEFORE)).toMatchObject({ code: 0 });
  await deployments.deploy(BEFORE);
  await change();
  expect((await deployments.failures("retry", STREAM)).out).toMatch(/^1 stream is due/);
  await deployments.retry();
  expect(await received("test")).toEqual([1, 2]);
  expect((await deployments.failures("list")).out).toBe("Nothing is parked.\n");
});

test("changes that are parked for an environment that is not restored can be discarded", async () => {
  const trouble = deployments.stage.breakQueue("test", "AccessDenied");
  await change();
  trouble.remove();
  await deployments.deploy({ environments: { production }, subscribers });
  expect(await deployments.failures("discard", STREAM, "--all", "--yes")).toMatchObject({
    code: 0,
  });
  // The retry function closes the empty stream although its queue no longer exists.
  await deployments.retry();
  expect((await deployments.failures("list")).out).toBe("Nothing is parked.\n");
});

test.each([
  ["access-denied", "AccessDenied"],
  ["throttled", "RequestThrottled"],
])(
  "a queue that answers %s holds up its own changes until its trouble is over",
  async (reason, code) => {
    const trouble = deployments.stage.breakQueue("test", code);
    await change();
    await deployments.route(lane.frame([{ user: "app_prod" }]));
    expect(await received("production")).toEqual([2]);
    expect((await deployments.failures("list")).out).toContain(reason);

    trouble.remove();
    expect((await deployments.failures("retry", "--reason", reason)).code).toBe(0);
    await deployments.retry();
    expect(await received("test")).toEqual([1]);
  },
);

test("nothing is lost with tables that were restored to a moment, when the reader begins before it", async () => {
  const { stage } = deployments;
  const before = new TestLane(0, 1, "a");
  await deployments.route(before.frame([{}, {}]));
  // The frame was sent, but not handled, when the backup was taken.
  const underWay = before.frame([{}]);
  const backup = await stage.backUp();
  await deployments.route(underWay);
  const trouble = stage.breakQueue("production", "AccessDenied");
  await deployments.route(before.frame([{}]));
  trouble.remove();
  expect(await received("production")).toEqual([1, 2, 3]);

  const tables = await stage.attachRestored(backup);
  expect(
    await deployments.offsets(tables, "set", "--file", "mysql-bin.000001:4", "--yes"),
  ).toMatchObject({
    code: 0,
  });
  // The reader's new life sends everything that the binlog file contains, and what was parked after
  // the backup comes as well.
  const after = new TestLane(0, 2, "b");
  await deployments.route(after.frame([{}, {}, {}, {}]));
  await deployments.route(after.frame([{}]));
  expect(await received("production")).toEqual([1, 2, 3, 4, 5]);
});
