import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import {
  connectionName,
  decodeSessionEntries,
  sessionItem,
  SESSIONS_KEY,
  type Connection,
  type SessionEntry,
} from "../../wire/session.ts";
import { text, textOf } from "../aws/attributes.ts";
import { batchGet } from "../aws/batch-get.ts";

/** What the sessions table knows of connections, by name; those it does not know are absent. */
export async function readSessions(
  client: DynamoDBClient,
  table: string,
  connections: Iterable<Connection>,
): Promise<ReadonlyMap<string, readonly SessionEntry[]>> {
  const wanted = [...connections].map((connection) => ({ connection, ...sessionItem(connection) }));
  const keys = [...new Set(wanted.map(({ key }) => key))];
  const items = await batchGet(
    client,
    table,
    keys.map((key) => ({ [SESSIONS_KEY]: text(key) })),
  );
  const chunks = new Map(items.map((item) => [textOf(item, SESSIONS_KEY), item]));
  const found = new Map<string, readonly SessionEntry[]>();
  for (const { connection, key, attribute } of wanted) {
    const entries = textOf(chunks.get(key) ?? {}, attribute);
    if (entries !== undefined) found.set(connectionName(connection), decodeSessionEntries(entries));
  }
  return found;
}
