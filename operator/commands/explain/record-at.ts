import { paginateQuery, QueryCommand } from "@aws-sdk/client-dynamodb";
import { batchGet } from "../../../functions/aws/batch-get.ts";
import {
  decodeRecord,
  decodeRecordShare,
  recordItemKey,
} from "../../../functions/failures/items.ts";
import {
  firstOf,
  isBehind,
  lastOf,
  type ParkedRecord,
  type RecordShare,
} from "../../../functions/failures/parked.ts";
import { recordsAfter } from "../../../functions/failures/records-after.ts";
import { type Stream, streamText } from "../../../functions/failures/stream.ts";
import { text } from "../../../wire/attributes.ts";
import { isPosition, type PositionText } from "../../../wire/position.ts";
import type { Target } from "../../shared/target.ts";

/** A key with this suffix sorts after all record keys that begin at the position. */
const AFTER = "/~";
/**
 * Number of records to read. Records of one stream hardly overlap, so those that cover a position
 * are among the nearest.
 */
const LOOKED_AT = 20;

/** An unresolved record that may have a change. */
export interface NearRecord {
  readonly record: ParkedRecord;
  /**
   * Whether it covers the change's position. False when only its content can tell: it was parked
   * behind the other records, and its item does not name the positions of its changes.
   */
  readonly covers: boolean;
}

/** Finds the unresolved records of changes in the failures table. */
export class NearRecords {
  readonly #target: Target;
  /** By stream: its records with a position behind their changes, from a position on. */
  readonly #behind = new Map<
    string,
    { readonly from: PositionText; readonly shares: Promise<readonly RecordShare[]> }
  >();

  constructor(target: Target) {
    this.#target = target;
  }

  /**
   * Finds the records of a stream that cover a position, the nearest first, and then those that may
   * have its change although they were written behind it.
   */
  async at(stream: Stream, position: PositionText): Promise<readonly NearRecord[]> {
    const covering = (await this.#nearest(stream, position)).filter(
      ({ key }) => !isBehind(key) && lastOf(key) >= position,
    );
    const behind = await this.#behindOf(stream, position);
    return [...covering.map((record) => ({ record, covers: true })), ...behind].filter(
      ({ record: { status } }) => status !== "resolved",
    );
  }

  async #nearest(stream: Stream, position: PositionText): Promise<readonly ParkedRecord[]> {
    const { dynamodb, failuresTable } = this.#target;
    const { Items: items = [] } = await dynamodb.send(
      new QueryCommand({
        TableName: failuresTable,
        ConsistentRead: true,
        Limit: LOOKED_AT,
        ScanIndexForward: false,
        KeyConditionExpression: "#stream = :stream AND #position < :at",
        ExpressionAttributeNames: { "#stream": "stream", "#position": "position" },
        ExpressionAttributeValues: {
          ":stream": text(streamText(stream)),
          ":at": text(position + AFTER),
        },
      }),
    );
    return items.map(decodeRecord);
  }

  async #behindOf(stream: Stream, position: PositionText): Promise<readonly NearRecord[]> {
    const covers = new Map<string, boolean>();
    for (const { key, share } of await this.#sharesBehind(stream, position)) {
      if (lastOf(key) < position) continue;
      // Where the router failed to make messages, the share is the key that the record would have
      // at its own positions. Any other is a digest.
      const isKey = share !== null && isPosition(firstOf(share));
      if (!isKey) covers.set(key, false);
      else if (firstOf(share) <= position && position <= lastOf(share)) covers.set(key, true);
    }
    const { dynamodb, failuresTable } = this.#target;
    const keys = Array.from(covers.keys(), (key) => recordItemKey(stream, key));
    return (await batchGet(dynamodb, failuresTable, keys)).map((item) => {
      const record = decodeRecord(item);
      return { record, covers: covers.get(record.key) ?? false };
    });
  }

  async #sharesBehind(stream: Stream, from: PositionText): Promise<readonly RecordShare[]> {
    const name = streamText(stream);
    let known = this.#behind.get(name);
    if (known === undefined || from < known.from) {
      known = { from, shares: this.#readBehind(stream, from) };
      this.#behind.set(name, known);
    }
    return await known.shares;
  }

  /** Reads all records from a position on: the keys, which tell, can be filtered only here. */
  async #readBehind(stream: Stream, from: PositionText): Promise<readonly RecordShare[]> {
    const { dynamodb: client, failuresTable } = this.#target;
    const { ExpressionAttributeNames: names, ...query } = recordsAfter(stream, from);
    const pages = paginateQuery(
      { client },
      {
        TableName: failuresTable,
        ...query,
        ProjectionExpression: "#position, #share",
        ExpressionAttributeNames: { ...names, "#share": "share" },
      },
    );
    const shares: RecordShare[] = [];
    for await (const { Items: items = [] } of pages)
      shares.push(...items.map(decodeRecordShare).filter(({ key }) => isBehind(key)));
    return shares;
  }
}
