import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { beforeAll, expect, test } from "vitest";
import { installLedger } from "../../../operator/ledger/install-ledger.ts";
import { OffsetStore } from "../../../reader/offsets/offset-store.ts";
import { tagOf } from "../../../wire/account-tag.ts";
import type { Frame } from "../../../wire/frame.ts";
import { type Account, useMysql } from "../../support/mysql.ts";
import { ReaderBench } from "../../support/reader.ts";
import { insertBriefly, splitOf } from "../../support/short-connections.ts";
import { useThreeEnvironments } from "../../support/three-environments.ts";

// Many accounts, each with a tag in the GTID sets of the server and the reader, and many
// connections. The nightly workflow uses thousands of accounts and 100,000 connections.

const TAGS = Number(process.env["TAGS"] ?? 150);
const CONNECTIONS = Number(process.env["TAGGED_CONNECTIONS"] ?? 300);
const COMMITS = 60;
const LOGINS = 20;

const mysql = useMysql({ variables: { max_connections: 500 } });
const shared = useThreeEnvironments(mysql);
const accounts: Account[] = [];

beforeAll(async () => {
  const connection = await mysql.connect();
  await connection.query("CREATE ROLE writers");
  await connection.query("CREATE DATABASE IF NOT EXISTS shop");
  await connection.query("GRANT ALL ON shop.* TO writers");
  await connection.query("SET GLOBAL activate_all_roles_on_login = ON");
  for (let i = 0; i < TAGS; i++) {
    const account = { user: `app_${i}`, password: `password of ${i}` };
    await connection.query("CREATE USER ? IDENTIFIED BY ?", [account.user, account.password]);
    await connection.query("GRANT writers TO ?", [account.user]);
    accounts.push(account);
  }
});

/** The median duration in milliseconds. */
async function measured(times: number, act: () => Promise<void>): Promise<string> {
  const taken: number[] = [];
  for (let i = 0; i < times; i++) {
    const startedMs = performance.now();
    await act();
    taken.push(performance.now() - startedMs);
  }
  return (taken.toSorted((a, b) => a - b)[times >> 1] ?? 0).toFixed(2);
}

async function costs(when: string): Promise<void> {
  const [account] = shared.accounts;
  const connection = await mysql.connect(account);
  let id = 0;
  const commit = await measured(COMMITS, async () => {
    await connection.query("REPLACE INTO shop.costs VALUES (?)", [++id]);
  });
  const login = await measured(LOGINS, async () => {
    const another = await mysql.connect(account);
    await another.query("SELECT 1");
    another.destroy();
  });
  const [set] = await mysql.query<{ bytes: number }>(
    "SELECT LENGTH(@@GLOBAL.gtid_executed) AS bytes",
  );
  console.info(
    `${when}: commit ${commit} ms, login ${login} ms, gtid_executed ${set?.bytes} bytes`,
  );
}

test(
  `the authors of ${CONNECTIONS} connections of ${TAGS} accounts are right, also after a restart of the reader`,
  {
    timeout: 3_600_000,
  },
  async () => {
    await mysql.query("CREATE TABLE shop.costs (id INT PRIMARY KEY)");
    await costs("without tags");
    await installLedger(await mysql.connect(), "ledger-and-tags");
    await costs("with few tags");
    await using bench = await ReaderBench.create(shared.aws, mysql.server, {
      SOURCE_TABLES: '["shop.orders"]',
    });
    const reader = await bench.start();
    const written = insertBriefly(mysql.server, accounts, { count: CONNECTIONS });
    // When the machine is so busy that the reader loses its lease, some frames are sent again.
    const frames: Frame[] = [];
    const ids = new Set<unknown>();
    while (ids.size < CONNECTIONS) {
      for (const frame of await bench.takeFrames(1)) {
        for (const { key } of frame.changes) ids.add(key);
        frames.push(frame);
      }
    }
    await written;
    const split = splitOf(frames);
    console.info(`${CONNECTIONS} connections of ${TAGS} accounts:`, split);
    expect(split).toMatchObject({ wrong: 0, unknown: 0, attributions: { tag: split.right } });
    const [state] = await mysql.query<{ executed: string }>(
      "SELECT @@GLOBAL.gtid_executed AS executed",
    );
    for (const { user } of [accounts[0], accounts.at(-1)] as Account[])
      expect(state?.executed).toContain(`:${tagOf(user)}:`);
    await costs(`with ${TAGS} tags`);
    expect(await reader.stop()).toBe(0);
    const { region, credentials, endpoints } = shared.aws;
    const dynamodb = new DynamoDBClient({ region, credentials, endpoint: endpoints.dynamodb });
    const { offset } = await new OffsetStore(dynamodb, `${bench.source}-offsets`).load();
    dynamodb.destroy();
    console.info(`the saved offset's GTID set: ${offset?.gtidSet?.length} bytes`);
    // The offset records what was read under all these tags, so the next reader sends only new
    // changes.
    const more = Math.min(CONNECTIONS, 100);
    await insertBriefly(mysql.server, accounts, { count: more, firstId: CONNECTIONS + 1 });
    await bench.start();
    const again = splitOf(await bench.takeFrames(more));
    expect(again).toEqual({ right: more, wrong: 0, unknown: 0, attributions: { tag: more } });
  },
);
