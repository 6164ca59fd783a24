import { Readable } from "node:stream";
import { type BatchGetItemCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { expect, test } from "vitest";
import { SessionsTable } from "../../../../reader/sessions/sessions-table.ts";
import type { Connection } from "../../../../wire/session.ts";

interface Asked {
  readonly atMs: number;
  readonly keys: readonly object[];
}

/** A client of a table that answers `answered` keys of each read and leaves the others out. */
function throttled(answered: number): { client: DynamoDBClient; asked: Asked[] } {
  const asked: Asked[] = [];
  const client = new DynamoDBClient({
    region: "eu-central-1",
    credentials: { accessKeyId: "a", secretAccessKey: "b" },
    requestHandler: {
      handle: (request: { readonly body: Uint8Array }) => {
        const { RequestItems } = JSON.parse(Buffer.from(request.body).toString()) as {
          readonly RequestItems: { readonly sessions: { readonly Keys: readonly object[] } };
        };
        const keys = RequestItems.sessions.Keys;
        asked.push({ atMs: performance.now(), keys });
        const rest = keys.slice(answered);
        const answer = {
          Responses: {
            sessions: keys
              .slice(0, answered)
              .map((key) => ({ ...key, t0: { S: '[["","a","h","ledger"]]' } })),
          },
          UnprocessedKeys: rest.length === 0 ? {} : { sessions: { Keys: rest } },
        };
        const body = Readable.from([Buffer.from(JSON.stringify(answer))]);
        return Promise.resolve({ response: { statusCode: 200, headers: {}, body } });
      },
    },
  });
  return { client, asked };
}

/** Connections of different items. */
const connections = (count: number): Connection[] =>
  Array.from({ length: count }, (_, run) => ({ server: "s", run, thread: 0 }));

test("a throttled table is asked for the rest, with growing pauses", async () => {
  const { client, asked } = throttled(1);
  const found = await new SessionsTable(client, "sessions").find(connections(4));
  expect(found.map(([entry]) => entry?.user)).toEqual(["a", "a", "a", "a"]);
  expect(asked.map(({ keys }) => keys.length)).toEqual([4, 3, 2, 1]);
  const pauses = asked.slice(1).map(({ atMs }, i) => atMs - (asked[i]?.atMs ?? 0));
  for (const [i, least] of [40, 80, 160].entries()) expect(pauses[i]).toBeGreaterThan(least - 5);
});

test("a lookup in a table that stays throttled fails", async () => {
  const { client, asked } = throttled(0);
  const lookup = new SessionsTable(client, "sessions").find(connections(2));
  await expect(lookup).rejects.toThrow("the table sessions is throttled");
  expect(asked).toHaveLength(8);
}, 60_000);

test("keeps 500 of the items that it has read, because a full one takes 55 KB", async () => {
  let reads = 0;
  const client: Pick<DynamoDBClient, "send"> = {
    send: ({ input }: BatchGetItemCommand) => {
      reads += input.RequestItems?.["sessions"]?.Keys?.length ?? 0;
      return Promise.resolve({ Responses: {} });
    },
  };
  const table = new SessionsTable(client as DynamoDBClient, "sessions");
  const find = async (items: number): Promise<number> => {
    const before = reads;
    for (let item = 0; item < items; item++)
      await table.find([{ server: "s", run: 1, thread: 256 * item }]);
    return reads - before;
  };
  expect(await find(500)).toBe(500);
  expect(await find(500)).toBe(0);
  expect(await find(501)).toBe(1);
  expect(await find(500)).toBe(500);
});
