import {
  GetItemCommand,
  paginateQuery,
  PutItemCommand,
  UpdateItemCommand,
  type DynamoDBClient,
} from "@aws-sdk/client-dynamodb";
import { wasWritten } from "../aws/conditional-write.ts";
import type { BodyStore } from "./body-store.ts";
import { decodeRecordShare, decodeState, encodeRecord, recordItemKey, stateKey } from "./items.ts";
import type { NamedPosition } from "./named-position.ts";
import type { PositionText } from "../../wire/position.ts";
import {
  recordKey,
  type Batch,
  type Opening,
  type RecordKey,
  type RecordShare,
  type StreamState,
  type Trouble,
} from "./parked.ts";
import { recordsAfter } from "./records-after.ts";
import { recordPut, resolveUpdate } from "./record-updates.ts";
import { openUpdate, tailUpdate, type ItemUpdate } from "./state-updates.ts";
import type { Stream } from "./stream.ts";

/**
 * Route's operations on a stream's items. Each is one atomic request for one item.
 */
export interface StreamItems {
  /**
   * Moves the tail to `last` if the stream is open or dead, and the tail is before `last` and not
   * of a twin life. Returns whether it was moved.
   */
  moveTail(stream: Stream, last: NamedPosition): Promise<boolean>;
  /**
   * Opens the stream if it was never opened, or was closed before the new tail or at the opening's
   * tail of a twin life. Returns whether it was opened.
   */
  open(stream: Stream, at: Opening, trouble: Trouble): Promise<boolean>;
  /** The stream's state; null when it was never opened. */
  read(
    stream: Stream,
    signal?: AbortSignal,
  ): Promise<Pick<StreamState, "status" | "head" | "tail" | "life"> | null>;
  /** Whether a record with this key exists, in whatever status. */
  hasRecord(stream: Stream, key: RecordKey): Promise<boolean>;
  /** The stream's records that begin at a position or later, in whatever status. */
  recordsFrom(stream: Stream, first: PositionText): Promise<readonly RecordShare[]>;
  /**
   * Writes a record unless one with its key exists, in whatever status. Returns whether it was
   * written.
   */
  putRecord(stream: Stream, batch: Batch, trouble: Trouble): Promise<boolean>;
  /**
   * Writes a record unless one with its key exists. A parked record that has not been attempted is
   * replaced, unless it was made of another share. Returns whether it was written.
   */
  replaceRecord(stream: Stream, batch: Batch, trouble: Trouble): Promise<boolean>;
  /** Marks a parked record as resolved and removes its body. */
  resolve(stream: Stream, key: RecordKey): Promise<void>;
}

export interface RouteItemsOptions {
  readonly client: DynamoDBClient;
  readonly table: string;
  readonly bodies: BodyStore;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** The pause of a stream after its first failure, milliseconds. */
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
      return await wasWritten(client.send(write));
    };

  return {
    read: (stream, signal) => readState(client, table, stream, signal),
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
    async recordsFrom(stream, first) {
      const query = {
        ...recordsAfter(stream, first),
        ProjectionExpression: "#position, #share",
      };
      query.ExpressionAttributeNames = { ...query.ExpressionAttributeNames, "#share": "share" };
      const pages = paginateQuery({ client }, { TableName: table, ...query });
      const found: RecordShare[] = [];
      for await (const { Items: items = [] } of pages) found.push(...items.map(decodeRecordShare));
      return found;
    },
    putRecord: writeRecord(false),
    replaceRecord: writeRecord(true),
    async resolve(stream, key) {
      await update(resolveUpdate(stream, key, now()));
    },
  };
}

/** Reads a stream's state consistently; null when the stream was never opened. */
export async function readState(
  client: DynamoDBClient,
  table: string,
  stream: Stream,
  signal?: AbortSignal,
): Promise<StreamState | null> {
  const { Item: item } = await client.send(
    new GetItemCommand({ TableName: table, Key: stateKey(stream), ConsistentRead: true }),
    { ...(signal && { abortSignal: signal }) },
  );
  return item === undefined ? null : decodeState(item);
}
