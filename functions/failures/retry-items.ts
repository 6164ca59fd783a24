import {
  paginateQuery,
  QueryCommand,
  UpdateItemCommand,
  type DynamoDBClient,
} from "@aws-sdk/client-dynamodb";
import { number, text, textOf } from "../../wire/attributes.ts";
import { DUE_INDEX } from "../../wire/names.ts";
import { conditionalWrite, wasWritten } from "../aws/conditional-write.ts";
import { decodeRecord, decodeState } from "./items.ts";
import {
  lastOf,
  type FailedAttempt,
  type ParkedRecord,
  type Postponement,
  type RecordKey,
  type StreamState,
} from "./parked.ts";
import { recordsAfter, type TableQuery } from "./records-after.ts";
import { failureUpdate, progressUpdate, resolveUpdate } from "./record-updates.ts";
import { readState } from "./route-items.ts";
import {
  advanceUpdate,
  claimUpdate,
  closeUpdate,
  postponeUpdate,
  type ItemUpdate,
} from "./state-updates.ts";
import type { Stream } from "./stream.ts";

/** Retry's operations on a stream's items. Each is one request for one item, or a query. */
export interface DrainItems {
  /**
   * Claims the stream if it is open and due, by moving its next attempt to `until`; null otherwise.
   */
  claim(stream: Stream, now: number, until: number): Promise<StreamState | null>;
  read(stream: Stream): Promise<StreamState | null>;
  /**
   * The next records after a key that end at or before the tail, in order; empty when there are
   * none (yet).
   */
  next(stream: Stream, after: RecordKey, tail: string): Promise<readonly ParkedRecord[]>;
  /** Records a failed attempt on the record, if it is still parked. */
  noteFailure(record: ParkedRecord, failure: FailedAttempt): Promise<void>;
  /**
   * Records the record's `progress` and `sent`. Returns whether the record is still parked with the
   * body that was read.
   */
  noteProgress(record: ParkedRecord): Promise<boolean>;
  /** Marks a record as resolved and removes its body. */
  resolve(record: ParkedRecord): Promise<void>;
  /** Closes the stream if its tail is still the last position of `drained`, in the given life. */
  close(state: Pick<StreamState, "stream" | "life">, drained: RecordKey): Promise<boolean>;
  /** Records that the claimed stream has advanced, and resets its attempts. */
  advance(claimed: StreamState, drained: RecordKey): Promise<void>;
  /**
   * Records how far the stream is done and the time of the next attempt, unless another invocation
   * has claimed it since `claimed`.
   */
  postpone(claimed: StreamState, next: Postponement): Promise<void>;
}

export interface RetryItems extends DrainItems {
  /** The names (`streamText`) of the streams that are due now, the longest waiting first. */
  due(): AsyncIterable<string>;
  /** The number of open or of dead streams. */
  count(status: "open" | "dead"): Promise<number>;
}

export interface RetryItemsOptions {
  readonly client: DynamoDBClient;
  readonly table: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

export function retryItems({ client, table, now }: RetryItemsOptions): RetryItems {
  const send = (write: ItemUpdate) =>
    client.send(new UpdateItemCommand({ TableName: table, ...write }));
  const pages = (query: TableQuery) => paginateQuery({ client }, { TableName: table, ...query });

  return {
    read: (stream) => readState(client, table, stream),

    async claim(stream, at, until) {
      const answer = await conditionalWrite(send(claimUpdate(stream, at, until)));
      return answer?.Attributes === undefined ? null : decodeState(answer.Attributes);
    },

    async next(stream, after, tail) {
      const query = new QueryCommand({ TableName: table, ...recordsAfter(stream, after) });
      const { Items: items = [] } = await client.send(query);
      return items.map(decodeRecord).filter(({ key }) => lastOf(key) <= tail);
    },

    async noteFailure(record, failure) {
      await wasWritten(send(failureUpdate(record, failure, now())));
    },

    noteProgress: (record) => wasWritten(send(progressUpdate(record))),

    async resolve({ stream, key }) {
      await wasWritten(send(resolveUpdate(stream, key, now())));
    },

    close: (state, drained) => wasWritten(send(closeUpdate(state, drained, now()))),

    async advance(claimed, drained) {
      await wasWritten(send(advanceUpdate(claimed, drained)));
    },

    async postpone(claimed, next) {
      await wasWritten(send(postponeUpdate(claimed, next, now())));
    },

    async *due() {
      for await (const { Items: items = [] } of pages(dueAt(now()))) {
        for (const item of items) yield textOf(item, "stream") ?? "";
      }
    },

    async count(status) {
      let count = 0;
      for await (const { Count: found = 0 } of pages(countOf(status))) count += found;
      return count;
    },
  };
}

function dueAt(now: number): TableQuery {
  return {
    IndexName: DUE_INDEX,
    KeyConditionExpression: "due = :open AND nextAttempt <= :until",
    ExpressionAttributeValues: { ":open": text("open"), ":until": number(now) },
  };
}

function countOf(status: "open" | "dead"): TableQuery {
  return {
    IndexName: DUE_INDEX,
    Select: "COUNT",
    KeyConditionExpression: "due = :status",
    ExpressionAttributeValues: { ":status": text(status) },
  };
}
