import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { describe, expect, test, vi } from "vitest";
import { installLedger } from "../../../operator/ledger/install-ledger.ts";
import { SessionsTable } from "../../../reader/sessions/sessions-table.ts";
import { withoutEpoch } from "../../../wire/position.ts";
import { authorAt } from "../../../wire/session.ts";
import { useMysql } from "../../support/mysql.ts";
import { ReaderBench } from "../../support/reader.ts";
import { splitOf } from "../../support/short-connections.ts";
import { TcpProxy } from "../../support/tcp-proxy.ts";
import { useThreeEnvironments } from "../../support/three-environments.ts";

const mysql = useMysql();
const shared = useThreeEnvironments(mysql);

/**
 * The number of times that the reader has read the process list of all connections. Its other
 * questions about threads do not count.
 */
async function looks(): Promise<number> {
  const [row] = await mysql.query<{ count: string | null }>(
    `SELECT SUM(count_star) AS count FROM performance_schema.events_statements_summary_by_digest
     WHERE digest_text LIKE '%threads%IS NOT NULL'`,
  );
  return Number(row?.count ?? 0);
}

/**
 * Waits until the reader has read the process list and the end of the binlog behind it. The first
 * list may have been read before, and after the second one the end is still to be read.
 */
async function seenNow(): Promise<void> {
  const before = await looks();
  await vi.waitUntil(async () => (await looks()) >= before + 3, 60_000);
}

// A connection that changed its user before its first write. It has no tag and, without the ledger,
// no row. The process list shows only its current user.
describe.each(["tags", "ledger-and-tags"] as const)("with %s", (kind) => {
  test("changes of a user between two others are not attributed to either", async () => {
    await installLedger(await mysql.connect(), kind);
    await using bench = await ReaderBench.create(shared.aws, mysql.server, { SWEEP_SECONDS: "1" });
    const [first, second, third] = shared.accounts;
    const reader = await bench.start();
    await mysql.query("INSERT INTO shop.orders VALUES (99, 'root')");
    await bench.takeFrames(1);
    expect(await reader.stop()).toBe(0);

    const away = await mysql.connect(first);
    await away.changeUser(second);
    await away.query("INSERT INTO shop.orders VALUES (1, ?)", [second.user]);
    await away.changeUser(third);
    await bench.start();
    expect(splitOf(await bench.takeFrames(1))).toMatchObject({ wrong: 0, unknown: 1 });

    const seen = await mysql.connect(first);
    await seenNow();
    await seen.changeUser(second);
    await seen.query("INSERT INTO shop.orders VALUES (2, ?)", [second.user]);
    await seen.changeUser(first);
    expect(splitOf(await bench.takeFrames(1))).toMatchObject({ wrong: 0, unknown: 1 });
    // If the reader asked for the user while the second one was there, this change is between two
    // users, too.
    await seenNow();
    await seen.query("INSERT INTO shop.orders VALUES (3, ?)", [first.user]);
    expect(splitOf(await bench.takeFrames(1))).toMatchObject({ wrong: 0 });
    await seenNow();
    await seen.query("INSERT INTO shop.orders VALUES (4, ?)", [first.user]);
    expect(splitOf(await bench.takeFrames(1))).toMatchObject({ right: 1, wrong: 0 });
  });
});

test("while DynamoDB is cut off a change without an author waits, and then the table names no former user for it", async () => {
  await installLedger(await mysql.connect(), "ledger-and-tags");
  const { region, credentials, endpoints } = shared.aws;
  const { hostname, port } = new URL(endpoints.dynamodb);
  await using dynamodb = await TcpProxy.listen({ host: hostname, port: Number(port) });
  await using bench = await ReaderBench.create(shared.aws, mysql.server, {
    LEASE_SECONDS: "300",
    AWS_ENDPOINT_URL_DYNAMODB: `http://127.0.0.1:${dynamodb.port}`,
  });
  const reader = await bench.start();
  const [first, second] = shared.accounts;
  const connection = await mysql.connect(first);
  await connection.query("INSERT INTO shop.orders VALUES (1, ?)", [first.user]);
  expect(splitOf(await bench.takeFrames(1))).toMatchObject({ right: 1, wrong: 0 });

  dynamodb.refuse(true);
  dynamodb.cut();
  await connection.changeUser(second);
  await connection.query("INSERT INTO shop.orders VALUES (2, ?)", [second.user]);
  await reader.logged("the sessions table cannot be reached");
  expect(await bench.receive()).toEqual([]);
  dynamodb.refuse(false);
  const frames = await bench.takeFrames(1);
  expect(splitOf(frames)).toMatchObject({ wrong: 0, unknown: 1 });

  const client = new DynamoDBClient({ region, credentials, endpoint: endpoints.dynamodb });
  const { server = "", transactions = [] } = frames[0] ?? {};
  const { run = 0, thread = 0 } = transactions[0] ?? {};
  const table = new SessionsTable(client, `${bench.source}-sessions`);
  const [entries = []] = await table.find([{ server, run, thread }]);
  client.destroy();
  expect(entries.at(-1)?.tagged?.user).toBe(first.user);
  expect(authorAt(entries, "~", withoutEpoch)).toBeUndefined();
});
