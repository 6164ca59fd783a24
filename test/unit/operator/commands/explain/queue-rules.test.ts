import { expect, test } from "vitest";
import { decodeRouting, encodeRouting } from "../../../../../config/routing.ts";
import { readFrame } from "../../../../../functions/frame/read-frame.ts";
import { QueueRules } from "../../../../../operator/commands/explain/queue-rules.ts";
import { SOURCE, TestLane, withShapes } from "../../../../support/functions/frames.ts";

const ROUTING = {
  environments: { production: { users: ["app_prod"] } },
  subscribers: { billing: { tables: ["crm.*"], where: { "shop.Clients": "id = 2" } } },
};

test.each([
  ["of a server that tells letter cases apart", "shop.Clients", false],
  ["of a server that does not", "shop.clients", true],
])(
  "a filtered row of a renamed table names the condition for its former name, %s",
  (_, formerName, lowerCaseNames) => {
    const [database = "", table = ""] = formerName.split(".");
    const text = withShapes(new TestLane().frame([{ id: 1, table: "crm.people" }]), {
      tables: [[database, table]],
      columns: [],
    });
    const read = readFrame(text, SOURCE);
    const frame = lowerCaseNames ? { ...read, lowerCaseNames } : read;
    const rules = new QueueRules(SOURCE, decodeRouting(encodeRouting(ROUTING)));
    const change = frame.changes[0] ?? expect.unreachable("the frame has a change");
    expect(rules.of(frame, change, "production")).toMatchObject([
      { kind: "filtered", subscriber: "billing", where: "id = 2" },
    ]);
  },
);

test("a change by the server itself goes to the queues of all environments", () => {
  const environments = { production: { users: ["app_prod"] }, staging: { users: ["app_stg"] } };
  const subscribers = { billing: { tables: ["shop.*"] }, audit: { tables: ["crm.*"] } };
  const routing = decodeRouting(encodeRouting({ environments, subscribers, otherUsers: "drop" }));
  const frame = readFrame(new TestLane().frame([{ id: 1, table: "shop.cache" }]), SOURCE);
  const change = frame.changes[0] ?? expect.unreachable("the frame has a change");
  expect(new QueueRules(SOURCE, routing).of(frame, change, null)).toMatchObject([
    { kind: "wanted", subscriber: "billing", environment: "production" },
    { kind: "wanted", subscriber: "billing", environment: "staging" },
    { kind: "not-subscribed", subscriber: "audit" },
  ]);
});
