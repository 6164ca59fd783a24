import { setTimeout as delay } from "node:timers/promises";
import {
  BatchGetItemCommand,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import { type Item, number, numberOf } from "../../wire/attributes.ts";
import type { Connection, SessionEntry } from "../../wire/session.ts";
import {
  decodeSessionKey,
  encodeSessionKey,
  entriesIn,
  type KnownSession,
  sessionItemKeys,
  SESSIONS_EXPIRES,
  SESSIONS_KEY,
  sessionUpdates,
} from "../../wire/session-items.ts";

/**
 * How long a session is kept after the last write or refresh; longer than any queue keeps messages.
 */
const KEPT_DAYS = 30;
/** An item that expires sooner than this is refreshed while one of its connections is open. */
const REFRESHED_DAYS = 20;
const DAY_SECONDS = 86_400;
const ITEMS_PER_READ = 100;
/** A full item takes about 55 KB of the reader's heap, so these 27 MB. */
const ITEMS_REMEMBERED = 500;
/**
 * A throttled table answers partially. This many reads are tried for the rest, with growing pauses.
 */
const READS = 8;
const FIRST_PAUSE_MS = 20;

/**
 * The sessions table, in which a restarted reader and the retry function find the users of
 * connections.
 */
export class SessionsTable {
  readonly #dynamodb: DynamoDBClient;
  readonly #table: string;
  readonly #now: () => number;
  /**
   * Items that were read and not written since, by key. An item has 256 neighbouring connections.
   */
  readonly #read = new Map<string, Item>();
  /**
   * The number of writes. Items that were read during a write may be outdated and are not cached.
   */
  #writes = 0;

  constructor(dynamodb: DynamoDBClient, table: string, now: () => number = Date.now) {
    this.#dynamodb = dynamodb;
    this.#table = table;
    this.#now = now;
  }

  /** The recorded entries of each connection. Throws when the table stays throttled. */
  async find(connections: readonly Connection[]): Promise<(readonly SessionEntry[])[]> {
    const items = await this.#items([...sessionItemKeys(connections)]);
    return connections.map((connection) => entriesIn(items, connection));
  }

  /** Records the entries of connections; neighbouring connections share one write. */
  async record(known: readonly KnownSession[]): Promise<void> {
    await Promise.all(
      Array.from(sessionUpdates(known, this.#expires(KEPT_DAYS)), async ([key, update]) => {
        this.#written(key);
        await this.#dynamodb.send(new UpdateItemCommand({ TableName: this.#table, ...update }));
      }),
    );
  }

  /**
   * Extends the life of the items of open connections, because a pool's connections may live longer
   * than an item.
   */
  async refresh(open: readonly Connection[]): Promise<void> {
    const items = await this.#items([...sessionItemKeys(open)]);
    const soon = this.#expires(REFRESHED_DAYS);
    for (const [key, item] of items) {
      const expires = numberOf(item, SESSIONS_EXPIRES);
      if (expires !== undefined && expires < soon) await this.#keep(key);
    }
  }

  async #keep(key: string): Promise<void> {
    this.#written(key);
    const update = new UpdateItemCommand({
      TableName: this.#table,
      Key: encodeSessionKey(key),
      UpdateExpression: "SET #expires = :expires",
      ConditionExpression: "attribute_exists(#key)",
      ExpressionAttributeNames: { "#expires": SESSIONS_EXPIRES, "#key": SESSIONS_KEY },
      ExpressionAttributeValues: { ":expires": number(this.#expires(KEPT_DAYS)) },
    });
    await this.#dynamodb.send(update).catch((error: unknown) => {
      if (!(error instanceof ConditionalCheckFailedException)) throw error; // it has just expired
    });
  }

  /** The expiry in `days` days, seconds since 1970. */
  #expires(days: number): number {
    return Math.floor(this.#now() / 1000) + days * DAY_SECONDS;
  }

  #written(key: string): void {
    this.#writes++;
    this.#read.delete(key);
  }

  /** The items with these keys; a missing item is empty. */
  async #items(keys: readonly string[]): Promise<ReadonlyMap<string, Item>> {
    const writes = this.#writes;
    const items = new Map<string, Item>();
    const missing: string[] = [];
    for (const key of keys) {
      const item = this.#read.get(key);
      if (item === undefined) missing.push(key);
      else items.set(key, item);
    }
    for (let at = 0; at < missing.length; at += ITEMS_PER_READ) {
      const some = missing.slice(at, at + ITEMS_PER_READ);
      for (const key of some) items.set(key, {});
      for (const item of await this.#readItems(some)) items.set(decodeSessionKey(item), item);
    }
    if (writes === this.#writes) this.#remember(missing, items);
    return items;
  }

  #remember(keys: readonly string[], items: ReadonlyMap<string, Item>): void {
    if (this.#read.size + keys.length > ITEMS_REMEMBERED) this.#read.clear();
    if (keys.length > ITEMS_REMEMBERED) return;
    for (const key of keys) this.#read.set(key, items.get(key) ?? {});
  }

  async #readItems(keys: readonly string[]): Promise<Item[]> {
    const items: Item[] = [];
    let wanted = keys.map(encodeSessionKey);
    for (let reads = 0; wanted.length > 0; reads++) {
      if (reads === READS) throw new Error(`the table ${this.#table} is throttled`);
      if (reads > 0) await delay(FIRST_PAUSE_MS * 2 ** reads);
      const answer = await this.#dynamodb.send(
        new BatchGetItemCommand({
          RequestItems: { [this.#table]: { Keys: wanted, ConsistentRead: true } },
        }),
      );
      items.push(...(answer.Responses?.[this.#table] ?? []));
      wanted = answer.UnprocessedKeys?.[this.#table]?.Keys ?? [];
    }
    return items;
  }
}
