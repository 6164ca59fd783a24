import {
  type AttributeValue,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import { LeaseLostError } from "../errors.ts";
import type { Offset } from "./offset.ts";
import { formatStartPoint, parseStartPoint, type StartPoint } from "./start-point.ts";

/** Who holds the source. `beat` changes with every write of the holder: a beat that stands still means a dead holder. */
export interface Lease {
  /** Null when it was given back. */
  readonly owner: string | null;
  /** Goes up with each holder; every later write is conditional on it. */
  readonly fence: number;
  readonly beat: number;
}

/** An operator's order to begin anew, in an epoch of its own. */
interface NewStart {
  readonly start: StartPoint;
  readonly epoch: number;
}

/** What the offsets table says of the source: where to go on, or where to begin anew, or neither when it was never read. */
export interface ReaderItem {
  readonly lease: Lease | null;
  readonly offset: Offset | null;
  readonly newStart: NewStart | null;
}

/**
 * The item `reader` of the offsets table: the lease and the offset together, so that one conditional write saves the
 * offset, keeps the lease and is refused once another reader holds it.
 */
export class OffsetStore {
  readonly #dynamodb: DynamoDBClient;
  readonly #table: string;

  constructor(dynamodb: DynamoDBClient, table: string) {
    this.#dynamodb = dynamodb;
    this.#table = table;
  }

  async load(signal?: AbortSignal): Promise<ReaderItem> {
    const { Item } = await this.#dynamodb.send(
      new GetItemCommand({ TableName: this.#table, Key: KEY, ConsistentRead: true }),
      { ...(signal && { abortSignal: signal }) },
    );
    return Item === undefined
      ? { lease: null, offset: null, newStart: null }
      : { lease: leaseOf(Item), offset: offsetOf(Item), newStart: newStartOf(Item) };
  }

  /** Takes the lease if it is still as it was observed. Undefined when somebody was faster. */
  async take(observed: Lease | null, owner: string): Promise<Lease | undefined> {
    const lease = { owner, fence: (observed?.fence ?? 0) + 1, beat: (observed?.beat ?? 0) + 1 };
    const taken = await this.#update(
      "SET #owner = :owner, #fence = :fence, #beat = :beat",
      observed === null
        ? "attribute_not_exists(#beat) AND attribute_not_exists(#fence) AND attribute_not_exists(#owner)"
        : "#beat = :observed",
      { "#owner": "owner", "#fence": "fence", "#beat": "beat" },
      {
        ":owner": { S: owner },
        ":fence": { N: String(lease.fence) },
        ":beat": { N: String(lease.beat) },
        ...(observed !== null && { ":observed": { N: String(observed.beat) } }),
      },
    );
    return taken ? lease : undefined;
  }

  /** Shows that the holder lives. Throws LeaseLostError. */
  async renew(fence: number): Promise<void> {
    await this.#asHolder(fence, "ADD #beat :one", { "#beat": "beat" }, { ":one": { N: "1" } });
  }

  /** Saves the offset, which also renews. Throws LeaseLostError, and then nothing was saved. */
  async save(fence: number, offset: Offset): Promise<void> {
    await this.#asHolder(
      fence,
      "SET #epoch = :epoch, #server = :server, #run = :run, #gtidSet = :gtidSet, #file = :file, #offset = :offset, " +
        "#lanes = :lanes, #committedMs = :committedMs REMOVE #start ADD #beat :one",
      {
        "#epoch": "epoch",
        "#server": "server",
        "#run": "run",
        "#gtidSet": "gtidSet",
        "#file": "file",
        "#offset": "offset",
        "#lanes": "lanes",
        "#committedMs": "committedMs",
        "#start": "start",
        "#beat": "beat",
      },
      { ...attributesOf(offset), ":one": { N: "1" } },
    );
  }

  /**
   * Makes the source begin anew: the lanes' chain ends, the epoch goes up, and whoever holds the lease loses it. False when
   * somebody wrote since `observed`, and then nothing was changed.
   */
  async startAnew(observed: ReaderItem, start: StartPoint): Promise<boolean> {
    const epoch = (observed.newStart?.epoch ?? observed.offset?.epoch ?? 0) + 1;
    return this.#update(
      "SET #start = :start, #epoch = :epoch, #fence = :fence, #beat = :beat " +
        "REMOVE #owner, #server, #run, #gtidSet, #file, #offset, #lanes, #committedMs",
      observed.lease === null ? "attribute_not_exists(#beat)" : "#beat = :observed",
      {
        "#start": "start",
        "#epoch": "epoch",
        "#fence": "fence",
        "#beat": "beat",
        "#owner": "owner",
        "#server": "server",
        "#run": "run",
        "#gtidSet": "gtidSet",
        "#file": "file",
        "#offset": "offset",
        "#lanes": "lanes",
        "#committedMs": "committedMs",
      },
      {
        ":start": { S: formatStartPoint(start) },
        ":epoch": { N: String(epoch) },
        ":fence": { N: String((observed.lease?.fence ?? 0) + 1) },
        ":beat": { N: String((observed.lease?.beat ?? 0) + 1) },
        ...(observed.lease !== null && { ":observed": { N: String(observed.lease.beat) } }),
      },
    );
  }

  /** Gives the lease back, so that a standby need not wait. Throws LeaseLostError. */
  async release(fence: number): Promise<void> {
    await this.#asHolder(
      fence,
      "REMOVE #owner ADD #beat :one",
      { "#beat": "beat", "#owner": "owner" },
      { ":one": { N: "1" } },
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
      { ...values, ":fence": { N: String(fence) } },
    );
    if (!done) throw new LeaseLostError("another reader holds the lease of this source");
  }

  /** False when the condition did not hold. */
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

const KEY = { id: { S: "reader" } };

function leaseOf(item: Record<string, AttributeValue>): Lease | null {
  if (item["beat"]?.N === undefined) return null;
  return {
    owner: item["owner"]?.S ?? null,
    fence: Number(item["fence"]?.N ?? 0),
    beat: Number(item["beat"].N),
  };
}

function newStartOf(item: Record<string, AttributeValue>): NewStart | null {
  const start = parseStartPoint(item["start"]?.S ?? "");
  return start === null ? null : { start, epoch: Number(item["epoch"]?.N ?? 1) };
}

function offsetOf(item: Record<string, AttributeValue>): Offset | null {
  if (item["epoch"]?.N === undefined || item["start"] !== undefined) return null;
  return {
    epoch: Number(item["epoch"].N),
    server: item["server"]?.S ?? "",
    run: item["run"]?.N === undefined ? null : Number(item["run"].N),
    gtidSet: item["gtidSet"]?.S ?? null,
    file: item["file"]?.S ?? "",
    offset: Number(item["offset"]?.N ?? 0),
    lanes: new Map(
      Object.entries(item["lanes"]?.M ?? {}).map(([lane, position]) => [
        Number(lane),
        position.S ?? "",
      ]),
    ),
    committedMs: Number(item["committedMs"]?.N ?? 0),
  };
}

function attributesOf(offset: Offset): Record<string, AttributeValue> {
  const lanes: Record<string, AttributeValue> = {};
  for (const [lane, position] of offset.lanes) lanes[String(lane)] = { S: position };
  return {
    ":epoch": { N: String(offset.epoch) },
    ":server": { S: offset.server },
    ":run": offset.run === null ? { NULL: true } : { N: String(offset.run) },
    ":gtidSet": offset.gtidSet === null ? { NULL: true } : { S: offset.gtidSet },
    ":file": { S: offset.file },
    ":offset": { N: String(offset.offset) },
    ":lanes": { M: lanes },
    ":committedMs": { N: String(offset.committedMs) },
  };
}
