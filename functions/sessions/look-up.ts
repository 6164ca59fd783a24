import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { textOf } from "../../wire/attributes.ts";
import type { Connection } from "../../wire/session.ts";
import {
  decodeSessionKey,
  encodeSessionKey,
  entriesIn,
  sessionItemKeys,
} from "../../wire/session-items.ts";
import { batchGet } from "../aws/batch-get.ts";
import { stateKey, tailIn } from "../failures/items.ts";
import { streamText, threadStream } from "../failures/stream.ts";
import type { ConnectionKnowledge } from "./attribute.ts";

export interface LookUpOptions {
  readonly client: DynamoDBClient;
  readonly sessionsTable: string;
  readonly failuresTable: string;
}

export type LookUp = (
  lane: number,
  connections: ReadonlyMap<string, Connection>,
) => Promise<ReadonlyMap<string, ConnectionKnowledge>>;

/**
 * What is known of connections of a lane, by name: a few requests for all of them, none when there
 * are none.
 */
export function lookUp({ client, sessionsTable, failuresTable }: LookUpOptions): LookUp {
  return async (lane, connections) => {
    const streams = Array.from(connections.values(), (connection) =>
      threadStream(lane, connection),
    );
    const keys = [...sessionItemKeys(connections.values())];
    const [items, states] = await Promise.all([
      batchGet(client, sessionsTable, keys.map(encodeSessionKey)),
      batchGet(client, failuresTable, streams.map(stateKey)),
    ]);
    const sessions = new Map(items.map((item) => [decodeSessionKey(item), item]));
    const tails = new Map(states.map((item) => [textOf(item, "stream"), tailIn(item)]));
    return new Map(
      Array.from(connections, ([name, connection]) => [
        name,
        {
          entries: entriesIn(sessions, connection),
          parkedUpTo: tails.get(streamText(threadStream(lane, connection))) ?? null,
        },
      ]),
    );
  };
}
