import { DeleteItemCommand, DynamoDBClient, ScanCommand } from "@aws-sdk/client-dynamodb";
import { createPool } from "mysql2/promise";
import { DynamoDBPositionStore } from "../../../client/dynamodb.ts";
import { type AnyPositionStore, DefaultPositionStore } from "../../../client/position-store.ts";
import { MysqlPositionStore, POSITIONS_TABLE } from "../../../examples/mysql-positions.ts";
import type { TestMysql } from "../mysql.ts";
import { positionAt } from "./messages.ts";
import { createPositionsTable } from "./positions-table.ts";
import type { QueueRig } from "./queue-rig.ts";

/** A place where an application keeps its records. */
export interface StorePlace extends AsyncDisposable {
  /** Opens a store for another process of the application. */
  readonly open: () => AnyPositionStore<unknown>;
  /** Makes the store forget all records so far in its own way of forgetting old ones. */
  readonly forget: () => Promise<void>;
}

export type StoreName = "memory" | "DynamoDB" | "MySQL";

/**
 * Makes an empty place for records. Records in memory, where a subscription has them that is given
 * no store, end with their process; others do not.
 */
export function makeStorePlace(
  name: StoreName,
  rig: Pick<QueueRig, "aws">,
  mysql: TestMysql,
): Promise<StorePlace> {
  switch (name) {
    case "memory":
      return Promise.resolve(inMemory());
    case "DynamoDB":
      return inDynamodb(rig);
    case "MySQL":
      return inMysql(mysql);
    default:
      return name satisfies never;
  }
}

function inMemory(): StorePlace {
  const opened: DefaultPositionStore[] = [];
  return {
    open() {
      const store = new DefaultPositionStore();
      opened.push(store);
      return store;
    },
    async forget() {
      for (const store of opened) {
        for (let n = 0; n < 100_000; n++) await store.save(`other message ${n}`, positionAt(n));
      }
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

async function inDynamodb({ aws }: Pick<QueueRig, "aws">): Promise<StorePlace> {
  await createPositionsTable(aws);
  const { region, credentials, endpoints } = aws;
  const client = new DynamoDBClient({ region, credentials, endpoint: endpoints.dynamodb });
  return {
    open: () => new DynamoDBPositionStore({ client, table: "positions", owner: "billing/staging" }),
    async forget() {
      const { Items = [] } = await client.send(new ScanCommand({ TableName: "positions" }));
      for (const { id } of Items) {
        if (id === undefined) continue;
        await client.send(new DeleteItemCommand({ TableName: "positions", Key: { id } }));
      }
    },
    [Symbol.asyncDispose]() {
      client.destroy();
      return Promise.resolve();
    },
  };
}

async function inMysql(mysql: TestMysql): Promise<StorePlace> {
  const { host, port, user, password } = mysql.server;
  await mysql.query("CREATE DATABASE application");
  const pool = createPool({ host, port, user, password, database: "application" });
  await pool.query(POSITIONS_TABLE);
  return {
    open: () => new MysqlPositionStore(pool, "billing/staging"),
    async forget() {
      await pool.query("UPDATE change_positions SET changed = NOW() - INTERVAL 31 DAY");
      await new MysqlPositionStore(pool, "billing/staging").removeOld();
    },
    async [Symbol.asyncDispose]() {
      await pool.end();
      await mysql.query("DROP DATABASE application");
    },
  };
}
