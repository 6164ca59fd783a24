import { paginateScan, type DynamoDBClient } from "@aws-sdk/client-dynamodb";
import {
  decodeRecordOf,
  decodeStateOf,
  STATE_POSITION,
} from "../../../functions/failures/items.ts";
import type { ParkedRecord, StreamState } from "../../../functions/failures/parked.ts";
import {
  readableStream,
  type Stream,
  type UnknownStream,
} from "../../../functions/failures/stream.ts";

/** A stream, also one whose name this release cannot parse. */
type NamedStream = Stream | UnknownStream;

export interface FailureItems {
  /** The records that contain deliveries. */
  readonly records: readonly ParkedRecord<NamedStream>[];
  /** The streams' states, by the streams' names. */
  readonly states: ReadonlyMap<string, StreamState<NamedStream>>;
}

/** A busy machine may need seconds; a table that does not answer must not hold up the display. */
const ANSWERS_WITHIN_MS = 5_000;

/**
 * Scans the failures table, because there are few failures on one machine. Throws when the table
 * refuses or does not answer.
 */
export async function failureItems(client: DynamoDBClient, table: string): Promise<FailureItems> {
  const records: ParkedRecord<NamedStream>[] = [];
  const states = new Map<string, StreamState<NamedStream>>();
  const pages = paginateScan(
    { client },
    { TableName: table, ConsistentRead: true },
    { abortSignal: AbortSignal.timeout(ANSWERS_WITHIN_MS) },
  );
  for await (const { Items = [] } of pages) {
    for (const item of Items) {
      const name = item["stream"]?.S ?? "";
      const stream = readableStream(name) ?? { kind: "unknown", name };
      if (item["position"]?.S === STATE_POSITION) states.set(name, decodeStateOf(stream, item));
      else records.push(decodeRecordOf(stream, item));
    }
  }
  return { records: records.filter(({ status }) => status === "parked"), states };
}

/** The records that contain deliveries, of the streams whose names this release can parse. */
export async function parkedRecords(
  client: DynamoDBClient,
  table: string,
): Promise<ParkedRecord[]> {
  const { records } = await failureItems(client, table);
  return records.flatMap(({ stream, ...record }) =>
    stream.kind === "unknown" ? [] : [{ ...record, stream }],
  );
}
