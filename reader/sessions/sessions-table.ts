import {
  BatchGetItemCommand,
  type DynamoDBClient,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import type { Item } from "../../wire/attributes.ts";
import type { Connection, SessionEntry } from "../../wire/session.ts";
import {
  decodeSessionKey,
  encodeSessionKey,
  entriesIn,
  type KnownSession,
  sessionItemKeys,
  sessionUpdates,
} from "../../wire/session-items.ts";

/** How long a session is remembered after it was last written: longer than any queue keeps a change of it. */
const KEPT_DAYS = 30;
const ITEMS_PER_READ = 100;
const ITEMS_REMEMBERED = 10_000;

/** The sessions table, where a restarted reader and the retry function find the connections that wrote changes. */
export class SessionsTable {
  readonly #dynamodb: DynamoDBClient;
  readonly #table: string;
  readonly #now: () => number;
  /** Items that were read and not written since, by key: 256 neighbours need one read. */
  readonly #read = new Map<string, Item>();

  constructor(dynamodb: DynamoDBClient, table: string, now: () => number = Date.now) {
    this.#dynamodb = dynamodb;
    this.#table = table;
    this.#now = now;
  }

  /** What was recorded of each connection before this reader began. */
  async find(connections: readonly Connection[]): Promise<(readonly SessionEntry[])[]> {
    const missing = [...sessionItemKeys(connections)].filter((key) => !this.#read.has(key));
    if (this.#read.size + missing.length > ITEMS_REMEMBERED) {
      this.#read.clear();
      return this.find(connections);
    }
    for (let at = 0; at < missing.length; at += ITEMS_PER_READ) {
      await this.#readItems(missing.slice(at, at + ITEMS_PER_READ));
    }
    return connections.map((connection) => entriesIn(this.#read, connection));
  }

  /** Records what is known of some connections, neighbours in one write. */
  async record(known: readonly KnownSession[]): Promise<void> {
    const expires = Math.floor(this.#now() / 1000) + KEPT_DAYS * 86_400;
    await Promise.all(
      Array.from(sessionUpdates(known, expires), async ([key, update]) => {
        this.#read.delete(key);
        await this.#dynamodb.send(new UpdateItemCommand({ TableName: this.#table, ...update }));
      }),
    );
  }

  async #readItems(keys: readonly string[]): Promise<void> {
    let wanted = keys.map(encodeSessionKey);
    while (wanted.length > 0) {
      const answer = await this.#dynamodb.send(
        new BatchGetItemCommand({
          RequestItems: { [this.#table]: { Keys: wanted, ConsistentRead: true } },
        }),
      );
      for (const item of answer.Responses?.[this.#table] ?? []) {
        this.#read.set(decodeSessionKey(item), item);
      }
      wanted = answer.UnprocessedKeys?.[this.#table]?.Keys ?? [];
    }
    for (const key of keys) if (!this.#read.has(key)) this.#read.set(key, {});
  }
}
