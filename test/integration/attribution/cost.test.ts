import { CreateTableCommand, type DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { Connection } from "mysql2/promise";
import { beforeAll, expect, test } from "vitest";
import { createReaderAccount } from "../../../infra/local/source/accounts.ts";
import type { Census } from "../../../reader/sessions/process-list.ts";
import { SessionBook } from "../../../reader/sessions/session-book.ts";
import { SessionsTable } from "../../../reader/sessions/sessions-table.ts";
import type { Transaction } from "../../../reader/transactions/transaction.ts";
import { useLocalAws } from "../../support/local-aws.ts";
import { useMysql } from "../../support/mysql.ts";
import { ReaderBench } from "../../support/reader.ts";
import { splitOf } from "../../support/short-connections.ts";

const mysql = useMysql({ variables: { max_connections: 1200 } });
const aws = useLocalAws();
let counted: ReturnType<typeof meter>;

beforeAll(async () => {
  counted = meter(aws.dynamodb);
});

/** Counts the writes of a client and the capacity units that DynamoDB charges for them. */
function meter(client: DynamoDBClient): { writes: number; units: number } {
  const sum = { writes: 0, units: 0 };
  client.middlewareStack.add(
    (next, context) => async (request) => {
      if (context.commandName !== "UpdateItemCommand") return next(request);
      Object.assign(request.input, { ReturnConsumedCapacity: "TOTAL" });
      const answer = await next(request);
      const { ConsumedCapacity } = answer.output as {
        ConsumedCapacity?: { CapacityUnits?: number };
      };
      sum.writes++;
      sum.units += ConsumedCapacity?.CapacityUnits ?? 0;
      return answer;
    },
    { step: "initialize" },
  );
  return sum;
}

const SECONDS = 10;
const PER_SECOND = 1000;
/**
 * How many connections are open at once, and how many transactions await the raw queue's
 * acknowledgement.
 */
const ALIVE_AT_ONCE = 50;
const UNACKNOWLEDGED = 20;

/** A transaction of a connection. Each connection takes 1,000 bytes of the binlog. */
function transaction(thread: number, offset: number): Transaction {
  return {
    gtid: null,
    file: "mysql-bin.000001",
    fileNumber: 1,
    start: (thread - 1) * 1000 + offset,
    thread,
    run: 1,
    serverId: 1,
    committedUs: thread,
  };
}

function accountOf(thread: number): { user: string; host: string } {
  return { user: `app_${thread % 3}`, host: "10.0.3.7" };
}

test.each([
  { reader: "a reader that keeps up", ahead: 0, unitsAllowed: 30 },
  // The process list was read ahead of the stream's position, so no connection is known to be
  // closed.
  { reader: "a reader that is behind", ahead: 1e9, unitsAllowed: 200 },
])(
  `${PER_SECOND} new connections a second for ${SECONDS} s cost $reader little in DynamoDB`,
  async ({ reader, ahead, unitsAllowed }) => {
    const tableName = `sessions-${ahead}`;
    await aws.dynamodb.send(
      new CreateTableCommand({
        TableName: tableName,
        KeySchema: [{ AttributeName: "chunk", KeyType: "HASH" }],
        AttributeDefinitions: [{ AttributeName: "chunk", AttributeType: "S" }],
        BillingMode: "PAY_PER_REQUEST",
      }),
    );
    const before = { ...counted };
    let connected = 0;
    let questions = 0;
    const table = new SessionsTable(aws.dynamodb, tableName);
    const book = new SessionBook({
      epoch: 1,
      server: "5441fac8-e519-11f1-822f-02fc00000001",
      isOfThisRun: () => true,
      presentRun: () => 1,
      table: {
        find: (connections) => table.find(connections),
        record: (known) => table.record(known),
        recordSurely: (known) => table.record(known),
        refresh: (open) => table.refresh(open),
      },
      ask: () => Promise.reject(new Error("the ledger knows all of them")),
      prove: () => Promise.reject(new Error("no session was reset")),
      isRegistering: true,
      takeCensus: (): Promise<Census> => {
        questions++;
        const threads = Array.from({ length: ALIVE_AT_ONCE }, (_, i) => connected - i);
        return Promise.resolve({
          connections: threads.map((thread) => ({
            thread,
            ...accountOf(thread),
          })),
          alive: new Set(threads),
          begin: { fileNumber: 1, offset: connected * 1000 },
          end: { fileNumber: 1, offset: connected * 1000 + ahead },
        });
      },
      onUserChanged: () => undefined,
      onDisagreement: () => undefined,
    });
    let largest = 0;
    for (let second = 0; second < SECONDS; second++) {
      for (let i = 0; i < PER_SECOND; i++) {
        const thread = ++connected;
        book.register(transaction(thread, 0), { ...accountOf(thread), attribution: "ledger" });
        book.notice(transaction(thread, 500));
        book.read.advance(1, thread * 1000);
      }
      largest = Math.max(largest, book.size);
      await book.record({ fileNumber: 1, offset: (connected - UNACKNOWLEDGED) * 1000 }, 1);
    }
    const writes = (counted.writes - before.writes) / SECONDS;
    const units = (counted.units - before.units) / SECONDS;
    console.info(
      `${PER_SECOND} connections a second, ${reader}: ${writes.toFixed(1)} writes and ${units.toFixed(1)} write units ` +
        `a second, ${questions / SECONDS} questions to the process list, at most ${largest} connections in memory`,
    );
    expect(units).toBeLessThan(unitsAllowed);
  },
);

const POOLED = 1000;

test(`a pool of ${POOLED} writing connections costs the database few queries a second`, async () => {
  await mysql.query("CREATE DATABASE shop");
  await mysql.query("CREATE TABLE shop.orders (id INT PRIMARY KEY, note VARCHAR(100))");
  const account = await mysql.createAccount("app", ["ALL ON shop.*"]);
  const reader = await createReaderAccount(await mysql.connect());
  const { host, port } = mysql.server;
  await using bench = await ReaderBench.create(aws, { host, port, ...reader });
  await bench.start();
  const pool: Connection[] = [];
  while (pool.length < POOLED) pool.push(await mysql.connect(account));

  const queries = async (): Promise<number> => {
    const [row] = await mysql.query<{ count: string }>(
      `SELECT SUM(count_star) AS count FROM performance_schema.events_statements_summary_by_user_by_event_name
       WHERE user = ? AND event_name IN ('statement/sql/select', 'statement/sql/show_binary_log_status')`,
      [reader.user],
    );
    return Number(row?.count ?? 0);
  };
  const before = await queries();
  const startedMs = performance.now();
  const ROUNDS = 5;
  for (let round = 0; round < ROUNDS; round++) {
    await Promise.all(
      pool.map((connection, i) =>
        connection.query("INSERT INTO shop.orders VALUES (?, 'app')", [round * POOLED + i]),
      ),
    );
  }
  const split = splitOf(await bench.takeFrames(ROUNDS * POOLED));
  const seconds = (performance.now() - startedMs) / 1000;
  const asked = (await queries()) - before;
  console.info(
    `${ROUNDS * POOLED} changes by ${POOLED} pooled connections in ${seconds.toFixed(1)} s: ${asked} queries by the reader, ${(asked / seconds).toFixed(1)} a second;`,
    split,
  );
  expect(split.right).toBe(ROUNDS * POOLED);
  expect(asked / seconds).toBeLessThan(60);
});
