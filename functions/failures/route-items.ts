import {
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
  type DynamoDBClient,
} from "@aws-sdk/client-dynamodb";
import { wasWritten } from "../aws/conditional-write.ts";
import type { BodyStore } from "./body-store.ts";
import { decodeState, encodeRecord, recordItemKey, stateKey } from "./items.ts";
import type { NamedPosition } from "./named-position.ts";
import {
  recordKey,
  type Batch,
  type Opening,
  type RecordKey,
  type StreamState,
  type Trouble,
} from "./parked.ts";
import { recordPut, resolveUpdate } from "./record-updates.ts";
import { openUpdate, tailUpdate, type ItemUpdate } from "./state-updates.ts";
import type { Stream } from "./stream.ts";

/**
 * What route does to a stream's items. Each is one request on one item, and what it says of the
 * item is true at one moment.
 */
export interface StreamItems {
  /**
   * Moves the tail to `last` if the stream is open or dead, and the tail is not there yet and not
   * of a twin life; whether it did.
   */
  moveTail(stream: Stream, last: NamedPosition): Promise<boolean>;
  /**
   * Opens the stream if it is closed before the tail, or at the tail of the twin life that the
   * opening names, or was never opened; whether it did.
   */
  open(stream: Stream, at: Opening, trouble: Trouble): Promise<boolean>;
  /** The stream's state; null: never opened. */
  read(stream: Stream): Promise<Pick<StreamState, "status" | "tail" | "life"> | null>;
  /** Whether there is a record with this key, whatever has become of it. */
  hasRecord(stream: Stream, key: RecordKey): Promise<boolean>;
  /** Writes a record if there is none with its key, whatever has become of that one. */
  putRecord(stream: Stream, batch: Batch, trouble: Trouble): Promise<void>;
  /**
   * Writes a record if there is none with its key, or one that waits and has not been attempted:
   * then in its place.
   */
  replaceRecord(stream: Stream, batch: Batch, trouble: Trouble): Promise<void>;
  /** Marks a record as done with if it waits, and removes its body. */
  resolve(stream: Stream, key: RecordKey): Promise<void>;
}

export interface RouteItemsOptions {
  readonly client: DynamoDBClient;
  readonly table: string;
  readonly bodies: BodyStore;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** How long a stream rests after its first failure, milliseconds. */
  readonly firstDelayMs: number;
}

export function routeItems(options: RouteItemsOptions): StreamItems {
  const { client, table, bodies, now, firstDelayMs } = options;

  const update = (write: ItemUpdate) =>
    wasWritten(client.send(new UpdateItemCommand({ TableName: table, ...write })));

  const writeRecord =
    (instead: boolean) => async (stream: Stream, batch: Batch, trouble: Trouble) => {
      const key = recordKey(batch);
      const body = await bodies.store(stream, key, batch.body);
      const item = encodeRecord(stream, key, {
        batch,
        trouble: batch.trouble ?? trouble,
        body,
        now: now(),
      });
      const write = new PutItemCommand({ TableName: table, ...recordPut(item, instead) });
      await wasWritten(client.send(write));
    };

  return {
    read: (stream) => readState(client, table, stream),
    moveTail: (stream, last) => update(tailUpdate(stream, last)),
    open: (stream, at, trouble) =>
      update(openUpdate(stream, at, trouble, { now: now(), firstDelayMs })),
    async hasRecord(stream, key) {
      const { Item: item } = await client.send(
        new GetItemCommand({
          TableName: table,
          Key: recordItemKey(stream, key),
          ConsistentRead: true,
          ProjectionExpression: "#status",
          ExpressionAttributeNames: { "#status": "status" },
        }),
      );
      return item !== undefined;
    },
    putRecord: writeRecord(false),
    replaceRecord: writeRecord(true),
    async resolve(stream, key) {
      await update(resolveUpdate(stream, key, now()));
    },
  };
}

/** A stream's state, read consistently; null when there is none. */
export async function readState(
  client: DynamoDBClient,
  table: string,
  stream: Stream,
): Promise<StreamState | null> {
  const { Item: item } = await client.send(
    new GetItemCommand({ TableName: table, Key: stateKey(stream), ConsistentRead: true }),
  );
  return item === undefined ? null : decodeState(item);
}
