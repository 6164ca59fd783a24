import { exampleObject } from "./example-stack.ts";

const example = exampleObject() as {
  readonly environments: Record<string, object>;
  readonly subscribers: Record<"billing" | "search", object>;
  readonly source: object;
};
const { production, staging, test: third } = example.environments;
const { billing, search } = example.subscribers;

/** Changes of the example's configuration, one of every kind that an operator makes. */
export const CHANGES: readonly (readonly [title: string, changed: Record<string, unknown>])[] = [
  ["nothing", {}],
  ["an added environment", { environments: { ...example.environments, demo: { users: ["d"] } } }],
  ["a removed environment", { environments: { production, staging } }],
  ["a renamed environment", { environments: { production, staging, testing: third } }],
  ["an environment without users", { environments: { production, staging, test: { users: [] } } }],
  ["another user", { environments: { production, staging, test: { users: ["app_other"] } } }],
  ["an added subscriber", { subscribers: { billing, search, audit: { tables: ["shop.*"] } } }],
  ["a removed subscriber", { subscribers: { billing } }],
  ["a renamed subscriber", { subscribers: { billing, find: search } }],
  [
    "a subscriber in fewer environments",
    { subscribers: { billing, search: { ...search, environments: ["production"] } } },
  ],
  ["other users dropped", { otherUsers: "drop" }],
  ["other users in staging", { otherUsers: "staging" }],
  ["messages kept for a week", { retention: { queueDays: 7 } }],
  ["payloads kept for longer", { retention: { payloadDays: 90 } }],
  ["four lanes", { lanes: 4 }],
  ["another grouping", { subscribers: { billing: { ...billing, groupBy: "key" }, search } }],
  ["another format", { subscribers: { billing: { ...billing, format: "maxwell" }, search } }],
  ["other tables", { subscribers: { billing: { tables: ["shop.orders"] }, search } }],
  [
    "another visibility timeout",
    { subscribers: { billing: { ...billing, visibilitySeconds: 5 }, search } },
  ],
  ["fewer receives", { subscribers: { billing: { ...billing, maxReceives: 2 }, search } }],
  [
    "listed consumers and operators",
    {
      environments: {
        ...example.environments,
        production: { ...production, consumers: ["arn:aws:iam::111122223333:role/billing"] },
      },
      operators: ["arn:aws:iam::111122223333:role/operators"],
    },
  ],
  [
    "restored tables",
    { restoredTables: { offsets: "offsets-2", sessions: "sessions-2", failures: "failures-2" } },
  ],
  ["another database", { source: { ...example.source, host: "other.example.com" } }],
  ["other thresholds", { alarms: { lagSeconds: 5 } }],
  [
    "other lists and another delay of the reader",
    {
      source: { ...example.source, tables: ["shop.*"], statementTables: ["tools.checksums"] },
      delivery: { delayMs: 1000 },
    },
  ],
  [
    "other forms of messages",
    {
      subscribers: {
        billing: { ...billing, encoding: "zstd", ddl: "none" },
        search: { ...search, keyBuckets: 64, snapshot: "initial" },
      },
    },
  ],
  [
    "filters",
    {
      subscribers: {
        billing: {
          ...billing,
          columns: { include: ["shop.orders.*"], exclude: ["shop.orders.note"] },
          where: "id > 5",
          whereCrossing: "update",
        },
        search: { ...search, columns: { mask: { "shop.*.email": "hash" } } },
      },
    },
  ],
  [
    "a canary, and a key for everything",
    {
      canary: { user: "heartbeat" },
      encryptionKeyArn:
        "arn:aws:kms:eu-central-1:111122223333:key/0a1b2c3d-0a1b-4c2d-8e3f-0a1b2c3d4e5f",
    },
  ],
];

/** Keys that no waiting message depends on, with what they are for instead. */
export const WITHOUT_MESSAGES: Readonly<Record<string, string>> = {
  name: "another name is another stack",
  "source.secretArn": "how the reader logs in",
  "source.secretKeyArn": "how the reader logs in",
  "source.tls": "how the reader connects",
  "source.start": "only the first start of all",
  "environments.*.alarms": "alarms",
  network: "where the reader runs",
  deployment: "where and how the stack is deployed",
  "canary.secretArn": "how the canary logs in",
  "canary.secretKeyArn": "how the canary logs in",
  "retention.logDays": "logs",
  alarms: "alarms",
  doctor: "what doctor says",
};
