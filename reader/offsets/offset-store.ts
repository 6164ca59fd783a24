import { randomUUID } from "node:crypto";
import {
  type AttributeValue,
  ConditionalCheckFailedException,
  DescribeTableCommand,
  type DynamoDBClient,
  GetItemCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import { formatStartPoint, type StartPoint } from "../../config/start-point.ts";
import { type Item, NULL, number, text, texts } from "../../wire/attributes.ts";
import { LeaseLostError } from "../reporting/errors.ts";
import { nextEpoch } from "./life.ts";
import type { Offset } from "./offset.ts";
import {
  anchorAttribute,
  attributesOf,
  decodeReaderItem,
  type Lease,
  OFFSET_ATTRIBUTES,
  type ReaderItem,
  type Stop,
  stopAttribute,
} from "./reader-item.ts";

/**
 * The item `reader` of the offsets table, with the lease and the offset. So one conditional write
 * saves the offset and renews the lease, and fails when another reader holds the lease.
 */
export class OffsetStore {
  readonly #dynamodb: DynamoDBClient;
  readonly #table: string;

  constructor(dynamodb: DynamoDBClient, table: string) {
    this.#dynamodb = dynamodb;
    this.#table = table;
  }

  async load(signal?: AbortSignal): Promise<ReaderItem> {
    const { Item: item = {} } = await this.#dynamodb.send(
      new GetItemCommand({ TableName: this.#table, Key: KEY, ConsistentRead: true }),
      { ...(signal && { abortSignal: signal }) },
    );
    return decodeReaderItem(item);
  }

  /**
   * When the table was created, milliseconds since 1970. It identifies the table, because DynamoDB
   * always restores a backup to a new table.
   */
  async madeMs(): Promise<number> {
    const { Table: table } = await this.#dynamodb.send(
      new DescribeTableCommand({ TableName: this.#table }),
    );
    const made = table?.CreationDateTime;
    if (made === undefined)
      throw new Error(`DynamoDB does not return when the table ${this.#table} was created`);
    return made.getTime();
  }

  /**
   * Takes the lease if it is unchanged since `observed`; undefined when another writer was faster.
   */
  async take(observed: Lease | null, owner: string): Promise<Lease | undefined> {
    const lease = { owner, fence: (observed?.fence ?? 0) + 1, beat: (observed?.beat ?? 0) + 1 };
    const taken = await this.#update(
      "SET #owner = :owner, #fence = :fence, #beat = :beat",
      observed === null
        ? "attribute_not_exists(#beat) AND attribute_not_exists(#fence) AND attribute_not_exists(#owner)"
        : "#beat = :observed",
      { "#owner": "owner", "#fence": "fence", "#beat": "beat" },
      {
        ":owner": text(owner),
        ":fence": number(lease.fence),
        ":beat": number(lease.beat),
        ...(observed !== null && { ":observed": number(observed.beat) }),
      },
    );
    return taken ? lease : undefined;
  }

  /** Shows that the holder is alive. Throws LeaseLostError. */
  async renew(fence: number): Promise<void> {
    await this.#asHolder(fence, "ADD #beat :one", { "#beat": "beat" }, { ":one": number(1) });
  }

  /**
   * Saves the offset, renews the lease and ends a stop. Throws LeaseLostError, in which case
   * nothing is saved.
   */
  async save(fence: number, offset: Offset): Promise<void> {
    const attributes = attributesOf(offset);
    const set = Object.keys(attributes).map((name) => `#${name} = :${name}`);
    await this.#asHolder(
      fence,
      `SET ${set.join(", ")} REMOVE #start, #isPast, #lastRead, #readSet, #stop, #vouched ADD #beat :one`,
      namesOf([
        ...Object.keys(attributes),
        "start",
        "isPast",
        "lastRead",
        "readSet",
        "stop",
        "vouched",
        "beat",
      ]),
      { ...valuesOf(attributes), ":one": number(1) },
    );
  }

  /** Records the reason for a stop. Throws LeaseLostError. */
  async stop(fence: number, stop: Stop): Promise<void> {
    await this.#asHolder(fence, "SET #stop = :stop ADD #beat :one", namesOf(["stop", "beat"]), {
      ":stop": stopAttribute(stop),
      ":one": number(1),
    });
  }

  /**
   * Orders a new start of the source: the lanes' chains end, a new life begins, and the holder
   * loses the lease. The number of lanes and their last positions are kept, because frames may wait
   * in them, and so are the tables' former names and the kept XA transactions, which may still be
   * due. Returns false, and changes nothing, when the item was written since `observed`.
   *
   * @param isPast the start is behind what was read and one more transaction
   * @param life the new life's name, which no other life may have
   */
  async startAnew(
    observed: ReaderItem,
    start: StartPoint,
    isPast = false,
    life: string = randomUUID(),
  ): Promise<boolean> {
    const formerEpoch = observed.newStart?.epoch ?? observed.offset?.epoch ?? 0;
    const epoch = nextEpoch(formerEpoch, Date.now());
    const forgotten = OFFSET_ATTRIBUTES.filter((name) => !KEPT_ANEW.has(name));
    const lastRead = observed.offset?.anchor ?? observed.newStart?.lastRead ?? null;
    const readSet = observed.offset?.gtidSet ?? observed.newStart?.readSet ?? null;
    return this.#asOperator(
      observed,
      {
        start: text(formatStartPoint(start)),
        epoch: number(epoch),
        life: text(life),
        isPast: { BOOL: isPast },
        lastRead: anchorAttribute(lastRead),
        readSet: readSet === null ? NULL : text(readSet),
      },
      [...forgotten, "stop", "vouched"],
    );
  }

  /**
   * Ends a stop, and allows the reader to continue without the proof that its error asked for.
   * Returns false, and changes nothing, when the item was written since `observed`.
   */
  async vouch(observed: ReaderItem): Promise<boolean> {
    const { stop, vouched } = observed;
    const answered = new Set([...vouched, ...(stop === null ? [] : [stop.error])]);
    const set = answered.size === 0 ? {} : { vouched: texts(answered) };
    return this.#asOperator(observed, set, ["stop"]);
  }

  /** Writes for an operator. The holder loses the lease. */
  async #asOperator({ lease }: ReaderItem, set: Item, remove: readonly string[]): Promise<boolean> {
    const attributes = {
      ...set,
      fence: number((lease?.fence ?? 0) + 1),
      beat: number((lease?.beat ?? 0) + 1),
    };
    const sets = Object.keys(attributes).map((name) => `#${name} = :${name}`);
    const removes = ["owner", ...remove].map((name) => `#${name}`);
    return this.#update(
      `SET ${sets.join(", ")} REMOVE ${removes.join(", ")}`,
      lease === null ? "attribute_not_exists(#beat)" : "#beat = :observed",
      namesOf([...Object.keys(attributes), "owner", ...remove]),
      { ...valuesOf(attributes), ...(lease !== null && { ":observed": number(lease.beat) }) },
    );
  }

  /** Releases the lease, so that a standby can take it at once. Throws LeaseLostError. */
  async release(fence: number): Promise<void> {
    await this.#asHolder(
      fence,
      "REMOVE #owner ADD #beat :one",
      { "#beat": "beat", "#owner": "owner" },
      { ":one": number(1) },
    );
  }

  async #asHolder(
    fence: number,
    update: string,
    names: Record<string, string>,
    values: Record<string, AttributeValue>,
  ): Promise<void> {
    const done = await this.#update(
      update,
      "#fence = :fence",
      { ...names, "#fence": "fence" },
      { ...values, ":fence": number(fence) },
    );
    if (!done) throw new LeaseLostError("another reader holds the lease of this source");
  }

  /** Returns false when the condition did not hold. */
  async #update(
    update: string,
    condition: string,
    names: Record<string, string>,
    values: Record<string, AttributeValue>,
  ): Promise<boolean> {
    try {
      await this.#dynamodb.send(
        new UpdateItemCommand({
          TableName: this.#table,
          Key: KEY,
          UpdateExpression: update,
          ConditionExpression: condition,
          ExpressionAttributeNames: names,
          ExpressionAttributeValues: values,
        }),
      );
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false;
      throw error;
    }
  }
}

/** The attributes that a new start keeps. */
const KEPT_ANEW: ReadonlySet<string> = new Set([
  "epoch",
  "life",
  "lanes",
  "laneCount",
  "names",
  "keptXa",
  "ownRuns",
]);

const KEY = { id: text("reader") };
function namesOf(attributes: readonly string[]): Record<string, string> {
  return Object.fromEntries(attributes.map((name) => [`#${name}`, name]));
}

function valuesOf(attributes: Item): Record<string, AttributeValue> {
  return Object.fromEntries(Object.entries(attributes).map(([name, value]) => [`:${name}`, value]));
}
