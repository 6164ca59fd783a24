import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { Connection } from "../../wire/session.ts";
import { textOf } from "../aws/attributes.ts";
import { batchGet } from "../aws/batch-get.ts";
import { stateKey } from "../failures/items.ts";
import { streamText, threadStream } from "../failures/stream.ts";
import type { ConnectionKnowledge } from "./attribute.ts";
import { readSessions } from "./sessions-table.ts";

export interface LookUpOptions {
  readonly client: DynamoDBClient;
  readonly sessionsTable: string;
  readonly failuresTable: string;
}

export type LookUp = (
  lane: number,
  connections: ReadonlyMap<string, Connection>,
) => Promise<ReadonlyMap<string, ConnectionKnowledge>>;

/** What is known of connections of a lane, by name: a few requests for all of them, none when there are none. */
export function lookUp({ client, sessionsTable, failuresTable }: LookUpOptions): LookUp {
  return async (lane, connections) => {
    const streams = new Map(
      [...connections].map(([name, connection]) => [name, threadStream(lane, connection)]),
    );
    const [sessions, states] = await Promise.all([
      readSessions(client, sessionsTable, connections.values()),
      batchGet(client, failuresTable, [...streams.values()].map(stateKey)),
    ]);
    const tails = new Map(states.map((item) => [textOf(item, "stream"), textOf(item, "tail")]));
    return new Map(
      [...streams].map(([name, stream]) => [
        name,
        {
          entries: sessions.get(name) ?? [],
          parkedUpTo: tails.get(streamText(stream)) ?? null,
        },
      ]),
    );
  };
}
