import {
  type AttributeValue,
  ConditionalCheckFailedException,
  DescribeTableCommand,
  type DynamoDBClient,
  GetItemCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import { formatStartPoint, type StartPoint } from "../../config/start-point.ts";
import { type Item, number, text } from "../../wire/attributes.ts";
import { LeaseLostError } from "../reporting/errors.ts";
import { newLife } from "./life.ts";
import type { Offset } from "./offset.ts";
import {
  attributesOf,
  decodeReaderItem,
  type Lease,
  OFFSET_ATTRIBUTES,
  type ReaderItem,
  type Stop,
  stopAttribute,
} from "./reader-item.ts";

/**
 * The item `reader` of the offsets table: the lease and the offset together, so that one
 * conditional write saves the offset, keeps the lease and is refused once another reader holds it.
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
   * When the table was made, milliseconds since 1970: a backup is always restored to a table of its
   * own.
   */
  async madeMs(): Promise<number> {
    const { Table: table } = await this.#dynamodb.send(
      new DescribeTableCommand({ TableName: this.#table }),
    );
    const made = table?.CreationDateTime;
    if (made === undefined) throw new Error(`DynamoDB does not say when ${this.#table} was made`);
    return made.getTime();
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
        ":owner": text(owner),
        ":fence": number(lease.fence),
        ":beat": number(lease.beat),
        ...(observed !== null && { ":observed": number(observed.beat) }),
      },
    );
    return taken ? lease : undefined;
  }

  /** Shows that the holder lives. Throws LeaseLostError. */
  async renew(fence: number): Promise<void> {
    await this.#asHolder(fence, "ADD #beat :one", { "#beat": "beat" }, { ":one": number(1) });
  }

  /**
   * Saves the offset, which also renews, and ends a stop. Throws LeaseLostError, and then nothing
   * was saved.
   */
  async save(fence: number, offset: Offset): Promise<void> {
    const attributes = attributesOf(offset);
    const set = Object.keys(attributes).map((name) => `#${name} = :${name}`);
    await this.#asHolder(
      fence,
      `SET ${set.join(", ")} REMOVE #start, #stop, #vouched ADD #beat :one`,
      namesOf([...Object.keys(attributes), "start", "stop", "vouched", "beat"]),
      { ...valuesOf(attributes), ":one": number(1) },
    );
  }

  /** Records why the reader stops. Throws LeaseLostError. */
  async stop(fence: number, stop: Stop): Promise<void> {
    await this.#asHolder(fence, "SET #stop = :stop ADD #beat :one", namesOf(["stop", "beat"]), {
      ":stop": stopAttribute(stop),
      ":one": number(1),
    });
  }

  /**
   * Makes the source begin anew: the lanes' chain ends, a new life begins, and whoever holds the
   * lease loses it. How many lanes there were and what they were sent is kept, because frames may
   * wait in them. False when somebody wrote since `observed`, and then nothing was changed.
   */
  async startAnew(observed: ReaderItem, start: StartPoint): Promise<boolean> {
    const { epoch, life } = newLife(observed.newStart?.epoch ?? observed.offset?.epoch ?? 0);
    const forgotten = OFFSET_ATTRIBUTES.filter((name) => !KEPT_ANEW.has(name));
    return this.#asOperator(
      observed,
      { start: text(formatStartPoint(start)), epoch: number(epoch), life: text(life) },
      [...forgotten, "stop", "vouched"],
    );
  }

  /**
   * Ends a stop, and lets the reader go on from its offset without a proof of the server's history.
   * False when somebody wrote since `observed`, and then nothing was changed.
   */
  async vouch(observed: ReaderItem): Promise<boolean> {
    return this.#asOperator(observed, { vouched: { BOOL: true } }, ["stop"]);
  }

  /** Writes as a person: whoever holds the lease loses it. */
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

  /** Gives the lease back, so that a standby need not wait. Throws LeaseLostError. */
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

/** What is not forgotten where a source begins anew. */
const KEPT_ANEW: ReadonlySet<string> = new Set(["epoch", "life", "lanes", "laneCount"]);

const KEY = { id: text("reader") };
function namesOf(attributes: readonly string[]): Record<string, string> {
  return Object.fromEntries(attributes.map((name) => [`#${name}`, name]));
}

function valuesOf(attributes: Item): Record<string, AttributeValue> {
  return Object.fromEntries(Object.entries(attributes).map(([name, value]) => [`:${name}`, value]));
}
