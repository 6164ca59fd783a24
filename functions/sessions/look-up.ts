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
import type { NamedPosition } from "../failures/named-position.ts";
import { type Stream, streamText, threadStream, threadStreamOfLife } from "../failures/stream.ts";
import type { ConnectionKnowledge } from "./attribute.ts";

export interface LookUpOptions {
  readonly client: DynamoDBClient;
  readonly sessionsTable: string;
  readonly failuresTable: string;
}

export type LookUp = (
  lane: number,
  connections: ReadonlyMap<string, Connection>,
  /** The position of a change that one of them wrote. When omitted, `parkedUpTo` is null. */
  change?: NamedPosition,
) => Promise<ReadonlyMap<string, ConnectionKnowledge>>;

/**
 * Creates a function that looks up connections of a lane, by name. It needs a few requests for all
 * connections together, and none for an empty map.
 */
export function lookUp({ client, sessionsTable, failuresTable }: LookUpOptions): LookUp {
  /** The tails of streams, by the streams' texts. */
  async function tailsOf(streams: readonly Stream[]): Promise<ReadonlyMap<string, NamedPosition>> {
    const states = await batchGet(client, failuresTable, streams.map(stateKey));
    return new Map(states.map((item) => [textOf(item, "stream") ?? "", tailIn(item)]));
  }

  /** The tail of the stream that each connection's change belongs to. */
  async function parkedTails(
    lane: number,
    connections: ReadonlyMap<string, Connection>,
    change: NamedPosition,
  ): Promise<ReadonlyMap<string, NamedPosition | undefined>> {
    const streams = Array.from(
      connections,
      ([name, connection]) => [name, threadStream(lane, connection)] as const,
    );
    const tails = await tailsOf(streams.map(([, stream]) => stream));
    const places = streams.map(([name, stream]) => {
      const tail = tails.get(streamText(stream)) ?? null;
      return { name, stream, place: threadStreamOfLife(stream, tail, change) };
    });
    const others = places.filter(({ stream, place }) => place !== stream);
    const further = await tailsOf(others.map(({ place }) => place));
    return new Map(
      places.map(({ name, stream, place }) => [
        name,
        (place === stream ? tails : further).get(streamText(place)),
      ]),
    );
  }

  return async (lane, connections, change) => {
    const keys = [...sessionItemKeys(connections.values())];
    const [items, parked] = await Promise.all([
      batchGet(client, sessionsTable, keys.map(encodeSessionKey)),
      change === undefined ? null : parkedTails(lane, connections, change),
    ]);
    const sessions = new Map(items.map((item) => [decodeSessionKey(item), item]));
    return new Map(
      Array.from(connections, ([name, connection]) => [
        name,
        { entries: entriesIn(sessions, connection), parkedUpTo: parked?.get(name) ?? null },
      ]),
    );
  };
}
