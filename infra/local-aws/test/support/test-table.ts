import {
  CreateTableCommand,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
  type AttributeValue,
  type DynamoDBClient,
  type UpdateItemCommandInput,
} from "@aws-sdk/client-dynamodb";
import { beforeAll, beforeEach } from "vitest";
import { startLocalAwsWithClients, type LocalAwsWithClients } from "../../clients.ts";

/** The key of an item of the stream `s`. */
export const keyAt = (position: string) => ({ stream: { S: "s" }, position: { S: position } });

/** A table like that of the failures: a sort key, and an index of what is due. */
export class TestTable {
  readonly name: string;
  readonly #client: DynamoDBClient;

  private constructor(client: DynamoDBClient, name: string) {
    this.#client = client;
    this.name = name;
  }

  static async create(client: DynamoDBClient, TableName: string): Promise<TestTable> {
    await client.send(
      new CreateTableCommand({
        TableName,
        BillingMode: "PAY_PER_REQUEST",
        AttributeDefinitions: [
          { AttributeName: "stream", AttributeType: "S" },
          { AttributeName: "position", AttributeType: "S" },
          { AttributeName: "shard", AttributeType: "S" },
          { AttributeName: "due", AttributeType: "N" },
        ],
        KeySchema: [
          { AttributeName: "stream", KeyType: "HASH" },
          { AttributeName: "position", KeyType: "RANGE" },
        ],
        GlobalSecondaryIndexes: [
          {
            IndexName: "due",
            KeySchema: [
              { AttributeName: "shard", KeyType: "HASH" },
              { AttributeName: "due", KeyType: "RANGE" },
            ],
            Projection: { ProjectionType: "ALL" },
          },
        ],
      }),
    );
    return new TestTable(client, TableName);
  }

  put(position: string, more: Record<string, AttributeValue> = {}) {
    const Item = { ...keyAt(position), ...more };
    return this.#client.send(new PutItemCommand({ TableName: this.name, Item }));
  }

  async get(position: string) {
    const { Item } = await this.#client.send(
      new GetItemCommand({ TableName: this.name, Key: keyAt(position), ConsistentRead: true }),
    );
    return Item;
  }

  update(position: string, input: Partial<UpdateItemCommandInput>) {
    return this.#client.send(
      new UpdateItemCommand({ TableName: this.name, Key: keyAt(position), ...input }),
    );
  }
}

/** Starts the stand-ins before a file's tests, and creates an empty table before each of them. */
export function useTestTable(): { readonly dynamodb: DynamoDBClient; readonly table: TestTable } {
  let local: LocalAwsWithClients;
  let table: TestTable;
  let tables = 0;
  beforeAll(async () => {
    local = await startLocalAwsWithClients();
    return () => local[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    table = await TestTable.create(local.dynamodb, `failures-${++tables}`);
  });
  return {
    get dynamodb() {
      return local.dynamodb;
    },
    get table() {
      return table;
    },
  };
}
