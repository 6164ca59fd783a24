import {
  type AttributeValue,
  BatchGetItemCommand,
  type DynamoDBClient,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import {
  type Connection,
  decodeSessionEntries,
  encodeSessionEntries,
  type SessionEntry,
  sessionItem,
  SESSIONS_EXPIRES,
  SESSIONS_KEY,
} from "../../wire/session.ts";

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
  readonly #read = new Map<string, ReadonlyMap<string, readonly SessionEntry[]>>();

  constructor(dynamodb: DynamoDBClient, table: string, now: () => number = Date.now) {
    this.#dynamodb = dynamodb;
    this.#table = table;
    this.#now = now;
  }

  /** What was recorded of each connection before this reader began. */
  async find(connections: readonly Connection[]): Promise<(readonly SessionEntry[])[]> {
    const missing = new Set(
      connections
        .map((connection) => sessionItem(connection).key)
        .filter((key) => !this.#read.has(key)),
    );
    if (this.#read.size + missing.size > ITEMS_REMEMBERED) {
      this.#read.clear();
      return this.find(connections);
    }
    for (const keys of chunks([...missing], ITEMS_PER_READ)) await this.#readItems(keys);
    return connections.map((connection) => {
      const { key, attribute } = sessionItem(connection);
      return this.#read.get(key)?.get(attribute) ?? [];
    });
  }

  /** Records what is known of some connections, neighbours in one write. */
  async record(
    known: readonly {
      readonly connection: Connection;
      readonly entries: readonly SessionEntry[];
    }[],
  ): Promise<void> {
    const items = new Map<string, [string, string][]>();
    for (const { connection, entries } of known) {
      const { key, attribute } = sessionItem(connection);
      const attributes = items.get(key) ?? [];
      attributes.push([attribute, encodeSessionEntries(entries)]);
      items.set(key, attributes);
    }
    await Promise.all([...items].map(([key, attributes]) => this.#write(key, attributes)));
  }

  async #readItems(keys: readonly string[]): Promise<void> {
    let wanted = keys.map((key) => ({ [SESSIONS_KEY]: { S: key } }));
    while (wanted.length > 0) {
      const answer = await this.#dynamodb.send(
        new BatchGetItemCommand({
          RequestItems: { [this.#table]: { Keys: wanted, ConsistentRead: true } },
        }),
      );
      for (const item of answer.Responses?.[this.#table] ?? []) {
        this.#read.set(item[SESSIONS_KEY]?.S ?? "", entriesOf(item));
      }
      wanted = (answer.UnprocessedKeys?.[this.#table]?.Keys ?? []) as typeof wanted;
    }
    for (const key of keys) if (!this.#read.has(key)) this.#read.set(key, new Map());
  }

  async #write(key: string, attributes: readonly [string, string][]): Promise<void> {
    this.#read.delete(key);
    const expires = Math.floor(this.#now() / 1000) + KEPT_DAYS * 86_400;
    await this.#dynamodb.send(
      new UpdateItemCommand({
        TableName: this.#table,
        Key: { [SESSIONS_KEY]: { S: key } },
        UpdateExpression: `SET ${["#expires = :expires", ...attributes.map((_, i) => `#a${i} = :a${i}`)].join(", ")}`,
        ExpressionAttributeNames: {
          "#expires": SESSIONS_EXPIRES,
          ...Object.fromEntries(attributes.map(([name], i) => [`#a${i}`, name])),
        },
        ExpressionAttributeValues: {
          ":expires": { N: String(expires) },
          ...Object.fromEntries(attributes.map(([, text], i) => [`:a${i}`, { S: text }])),
        },
      }),
    );
  }
}

function entriesOf(
  item: Record<string, AttributeValue>,
): ReadonlyMap<string, readonly SessionEntry[]> {
  return new Map(
    Object.entries(item).flatMap(([name, value]) =>
      name.startsWith("t") && value.S !== undefined
        ? [[name, decodeSessionEntries(value.S)] as const]
        : [],
    ),
  );
}

function chunks<T>(list: readonly T[], size: number): T[][] {
  const result: T[][] = [];
  for (let i = 0; i < list.length; i += size) result.push(list.slice(i, i + size));
  return result;
}
