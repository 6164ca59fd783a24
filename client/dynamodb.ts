import {
  ConditionalCheckFailedException,
  DynamoDBClient,
  GetItemCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import type { PositionText } from "../wire/position.ts";
import type { PositionStore } from "./position-store.ts";
import { withDeadline } from "./with-deadline.ts";

/** How long a call may take, including the SDK's retries, milliseconds. */
const CALL_MS = 10_000;

export interface DynamoDBPositionStoreOptions {
  /**
   * A table whose partition key is the string `id`. Set its time-to-live attribute to `expires` to
   * remove old records.
   */
  readonly table: string;
  /**
   * A name that tells apart subscriptions that share the table, for example subscriber and
   * environment.
   */
  readonly owner: string;
  /** Default: a client made without arguments. */
  readonly client?: DynamoDBClient;
  /**
   * How long the record of a handled message is kept, days. Must exceed the retention of the queue
   * and of its dead-letter queue together: a message that returns to the queue after its record has
   * expired is handled again. Default 30.
   */
  readonly keepDays?: number;
}

/**
 * Keeps the records of handled messages in DynamoDB, so that repeats are filtered across processes
 * and restarts. Each message costs one consistent read and one write. If a process dies between the
 * handler's success and the write, the message is handled again.
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
    const command = new GetItemCommand({
      TableName: this.#table,
      Key: this.#key(key),
      ConsistentRead: true,
    });
    const { Item } = await withDeadline(undefined, CALL_MS, (abortSignal) =>
      this.#client.send(command, { abortSignal }),
    );
    return Item?.["position"]?.S;
  }

  async save(key: string, position: PositionText): Promise<void> {
    const expires = Math.floor(Date.now() / 1000) + this.#keepSeconds;
    const command = new UpdateItemCommand({
      TableName: this.#table,
      Key: this.#key(key),
      UpdateExpression: "SET #position = :position, expires = :expires",
      ConditionExpression: "attribute_not_exists(#position) OR #position < :position",
      ExpressionAttributeNames: { "#position": "position" },
      ExpressionAttributeValues: {
        ":position": { S: position },
        ":expires": { N: String(expires) },
      },
    });
    try {
      await withDeadline(undefined, CALL_MS, (abortSignal) =>
        this.#client.send(command, { abortSignal }),
      );
    } catch (error) {
      // The stored position is as late or later.
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
    }
  }

  #key(key: string): { id: { S: string } } {
    return { id: { S: `${this.#owner}/${key}` } };
  }
}
