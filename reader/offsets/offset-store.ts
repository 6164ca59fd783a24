import {
  type AttributeValue,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import {
  map,
  NULL,
  number,
  numberOf,
  mapOf,
  text,
  textOf,
  type Item,
} from "../../wire/attributes.ts";
import { LeaseLostError } from "../reporting/errors.ts";
import type { WaitingXa } from "../transactions/transaction.ts";
import type { Offset } from "./offset.ts";
import { formatStartPoint, parseStartPoint, type StartPoint } from "../../config/start-point.ts";

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

  /** Saves the offset, which also renews. Throws LeaseLostError, and then nothing was saved. */
  async save(fence: number, offset: Offset): Promise<void> {
    await this.#asHolder(
      fence,
      "SET #epoch = :epoch, #server = :server, #run = :run, #gtidSet = :gtidSet, #file = :file, #offset = :offset, " +
        "#lanes = :lanes, #committedMs = :committedMs, #waiting = :waiting REMOVE #start ADD #beat :one",
      {
        "#epoch": "epoch",
        "#server": "server",
        "#run": "run",
        "#gtidSet": "gtidSet",
        "#file": "file",
        "#offset": "offset",
        "#lanes": "lanes",
        "#committedMs": "committedMs",
        "#waiting": "waiting",
        "#start": "start",
        "#beat": "beat",
      },
      { ...attributesOf(offset), ":one": number(1) },
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
        "REMOVE #owner, #server, #run, #gtidSet, #file, #offset, #lanes, #committedMs, #waiting",
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
        "#waiting": "waiting",
      },
      {
        ":start": text(formatStartPoint(start)),
        ":epoch": number(epoch),
        ":fence": number((observed.lease?.fence ?? 0) + 1),
        ":beat": number((observed.lease?.beat ?? 0) + 1),
        ...(observed.lease !== null && { ":observed": number(observed.lease.beat) }),
      },
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

const KEY = { id: text("reader") };

function leaseOf(item: Item): Lease | null {
  const beat = numberOf(item, "beat");
  if (beat === undefined) return null;
  return { owner: textOf(item, "owner") ?? null, fence: numberOf(item, "fence") ?? 0, beat };
}

function newStartOf(item: Item): NewStart | null {
  const start = parseStartPoint(textOf(item, "start") ?? "");
  return start === null ? null : { start, epoch: numberOf(item, "epoch") ?? 1 };
}

function offsetOf(item: Item): Offset | null {
  const epoch = numberOf(item, "epoch");
  if (epoch === undefined || item["start"] !== undefined) return null;
  const lanes = mapOf(item, "lanes");
  return {
    epoch,
    server: textOf(item, "server") ?? "",
    run: numberOf(item, "run") ?? null,
    gtidSet: textOf(item, "gtidSet") ?? null,
    file: textOf(item, "file") ?? "",
    offset: numberOf(item, "offset") ?? 0,
    lanes: new Map(Object.keys(lanes).map((lane) => [Number(lane), textOf(lanes, lane) ?? ""])),
    committedMs: numberOf(item, "committedMs") ?? 0,
    waiting: waitingOf(item),
  };
}

/** Undefined in items of earlier releases, too. */
function waitingOf(item: Item): WaitingXa | undefined {
  if (item["waiting"]?.M === undefined) return undefined;
  const waiting = mapOf(item, "waiting");
  return {
    xid: textOf(waiting, "xid") ?? "",
    gtid: textOf(waiting, "gtid") ?? null,
    preparedMs: numberOf(waiting, "preparedMs") ?? 0,
  };
}

function waitingAttribute(waiting: WaitingXa | undefined): AttributeValue {
  if (waiting === undefined) return NULL;
  const { xid, gtid, preparedMs } = waiting;
  return map([
    ["xid", text(xid)],
    ["gtid", gtid === null ? NULL : text(gtid)],
    ["preparedMs", number(preparedMs)],
  ]);
}

function attributesOf(offset: Offset): Item {
  return {
    ":epoch": number(offset.epoch),
    ":server": text(offset.server),
    ":run": offset.run === null ? NULL : number(offset.run),
    ":gtidSet": offset.gtidSet === null ? NULL : text(offset.gtidSet),
    ":file": text(offset.file),
    ":offset": number(offset.offset),
    ":lanes": map(Array.from(offset.lanes, ([lane, position]) => [String(lane), text(position)])),
    ":committedMs": number(offset.committedMs),
    ":waiting": waitingAttribute(offset.waiting),
  };
}
