import { CreateTableCommand, DynamoDBClient, GetItemCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, expect, test } from "vitest";
import { SessionsTable } from "../../../../reader/sessions/sessions-table.ts";
import { numberOf } from "../../../../wire/attributes.ts";
import type { Connection } from "../../../../wire/session.ts";
import { encodeSessionKey, sessionItem, SESSIONS_EXPIRES } from "../../../../wire/session-items.ts";
import { useLocalAws } from "../../../support/local-aws.ts";

const DAY_MS = 86_400_000;
const TABLE = "sessions";
const aws = useLocalAws();
let dynamodb: DynamoDBClient;
let nowMs = Date.UTC(2026, 10, 28);

beforeAll(async () => {
  dynamodb = new DynamoDBClient({
    region: aws.region,
    credentials: aws.credentials,
    endpoint: aws.endpoints.dynamodb,
  });
  await dynamodb.send(
    new CreateTableCommand({
      TableName: TABLE,
      KeySchema: [{ AttributeName: "chunk", KeyType: "HASH" }],
      AttributeDefinitions: [{ AttributeName: "chunk", AttributeType: "S" }],
      BillingMode: "PAY_PER_REQUEST",
    }),
  );
});
afterAll(async () => {
  dynamodb.destroy();
});

const table = (): SessionsTable => new SessionsTable(dynamodb, TABLE, () => nowMs);
/** A connection. Each `n` is stored in a separate item. */
const connection = (n: number): Connection => ({ server: "s", run: 1, thread: n * 256 });
const entries = [{ from: "", user: "a", host: "h", attribution: "ledger" as const }];

async function daysLeft(of: Connection): Promise<number> {
  const { Item: item = {} } = await dynamodb.send(
    new GetItemCommand({ TableName: TABLE, Key: encodeSessionKey(sessionItem(of).key) }),
  );
  return ((numberOf(item, SESSIONS_EXPIRES) ?? 0) * 1000 - nowMs) / DAY_MS;
}

test("one lookup finds more connections than items are cached", async () => {
  await table().record([{ connection: connection(10_500), entries }]);
  const found = await table().find(Array.from({ length: 10_501 }, (_, n) => connection(n)));
  expect(found.map((known, n) => (known.length > 0 ? n : -1)).filter((n) => n >= 0)).toEqual([
    10_500,
  ]);
});

test("a connection's record does not expire while the connection is open", async () => {
  const open = connection(1);
  const closed = connection(2);
  await table().record([open, closed].map((one) => ({ connection: one, entries })));
  for (let day = 0; day < 60; day += 5) {
    expect(await daysLeft(open)).toBeGreaterThan(0);
    await table().refresh([open, connection(3)]);
    nowMs += 5 * DAY_MS;
  }
  expect(await daysLeft(closed)).toBeLessThan(0);
  expect(await table().find([open, connection(3)])).toEqual([entries, []]);
});
