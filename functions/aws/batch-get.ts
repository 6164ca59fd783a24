import { setTimeout as pause } from "node:timers/promises";
import {
  BatchGetItemCommand,
  type AttributeValue,
  type DynamoDBClient,
} from "@aws-sdk/client-dynamodb";
import { OwnTroubleError } from "../ground/errors.ts";
import type { Item } from "../../wire/attributes.ts";

/** DynamoDB's maximum for a BatchGetItem. */
const KEYS_PER_REQUEST = 100;
/**
 * DynamoDB may return only part of a large or throttled request. The rest is requested again, up to
 * this many attempts in total, with growing pauses.
 */
const ATTEMPTS = 8;
const FIRST_PAUSE_MS = 20;

/**
 * Reads the items with these keys consistently. The result leaves out keys without an item. Throws
 * OwnTroubleError when the table stays throttled.
 */
export async function batchGet(
  client: DynamoDBClient,
  table: string,
  keys: readonly Record<string, AttributeValue>[],
): Promise<Item[]> {
  const items: Item[] = [];
  for (let at = 0; at < keys.length; at += KEYS_PER_REQUEST) {
    let waiting = keys.slice(at, at + KEYS_PER_REQUEST);
    for (let attempt = 0; waiting.length > 0; attempt++) {
      if (attempt === ATTEMPTS)
        throw new OwnTroubleError(`DynamoDB throttles reads of the table ${table}`);
      if (attempt > 0) await pause(FIRST_PAUSE_MS * 2 ** attempt);
      const { Responses: responses, UnprocessedKeys: unprocessed } = await client.send(
        new BatchGetItemCommand({
          RequestItems: { [table]: { Keys: waiting, ConsistentRead: true } },
        }),
      );
      items.push(...(responses?.[table] ?? []));
      waiting = unprocessed?.[table]?.Keys ?? [];
    }
  }
  return items;
}
