import {
  ConditionalCheckFailedException,
  DynamoDBClient,
  GetItemCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import type { PositionText } from "../wire/position.ts";
import type { PositionStore } from "./position-store.ts";

export interface DynamoDBPositionStoreOptions {
  /**
   * A table whose partition key is the string `id`; its time-to-live attribute may be `expires`.
   */
  readonly table: string;
  /** Tells subscriptions apart that share the table: subscriber and environment, say. */
  readonly owner: string;
  /** Made without arguments when left out. */
  readonly client?: DynamoDBClient;
  /**
   * How long the record of a handled message is kept, days: longer than the retention of the queue
   * and of its dead-letter queue together, because what is sent back to the queue after that is
   * handled again. Default 30.
   */
  readonly keepDays?: number;
}

/**
 * Records of handled messages in DynamoDB, so that repeats are filtered across processes and
 * restarts: one consistent read and one write per message. A process that dies between the
 * handler's success and the write still repeats that message.
 */
export class DynamoDBPositionStore implements PositionStore {
  readonly #client: DynamoDBClient;
  readonly #table: string;
  readonly #owner: string;
  readonly #keepSeconds: number;

  constructor(options: DynamoDBPositionStoreOptions) {
    this.#client = options.client ?? new DynamoDBClient();
    this.#table = options.table;
    this.#owner = options.owner;
    this.#keepSeconds = (options.keepDays ?? 30) * 86_400;
  }

  async load(key: string): Promise<PositionText | undefined> {
    const { Item } = await this.#client.send(
      new GetItemCommand({ TableName: this.#table, Key: this.#key(key), ConsistentRead: true }),
    );
    return Item?.["position"]?.S;
  }

  async save(key: string, position: PositionText): Promise<void> {
    const expires = Math.floor(Date.now() / 1000) + this.#keepSeconds;
    try {
      await this.#client.send(
        new UpdateItemCommand({
          TableName: this.#table,
          Key: this.#key(key),
          UpdateExpression: "SET #position = :position, expires = :expires",
          ConditionExpression: "attribute_not_exists(#position) OR #position < :position",
          ExpressionAttributeNames: { "#position": "position" },
          ExpressionAttributeValues: {
            ":position": { S: position },
            ":expires": { N: String(expires) },
          },
        }),
      );
    } catch (error) {
      // The stored position is as late or later: nothing to do.
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
    }
  }

  #key(key: string): { id: { S: string } } {
    return { id: { S: `${this.#owner}/${key}` } };
  }
}
