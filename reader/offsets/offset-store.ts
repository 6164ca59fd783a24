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
import type { Anchor, WaitingXa } from "../transactions/transaction.ts";
import { keptXaAttribute, keptXaOf } from "./kept-xa-items.ts";
import { newLife, type Life } from "./life.ts";
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

/** An operator's order to begin anew, in a life of its own. */
interface NewStart extends Life {
  readonly start: StartPoint;
}

/** Why no reader reads on, until an operator acts where it is kept. */
export interface Stop {
  readonly error: string;
  readonly message: string;
  readonly sinceMs: number;
  readonly isKept: boolean;
}

/** What the offsets table says of the source: where to go on, or where to begin anew, or neither when it was never read. */
export interface ReaderItem {
  readonly lease: Lease | null;
  readonly offset: Offset | null;
  readonly newStart: NewStart | null;
  readonly stop: Stop | null;
  /** Whether an operator has said that the server's history is the one that was read. */
  readonly isVouched: boolean;
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
    const { Item: item = {} } = await this.#dynamodb.send(
      new GetItemCommand({ TableName: this.#table, Key: KEY, ConsistentRead: true }),
      { ...(signal && { abortSignal: signal }) },
    );
    return {
      lease: leaseOf(item),
      offset: offsetOf(item),
      newStart: newStartOf(item),
      stop: stopOf(item),
      isVouched: item["vouched"]?.BOOL === true,
    };
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

  /** Saves the offset, which also renews, and ends a stop. Throws LeaseLostError, and then nothing was saved. */
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
      ":stop": map([
        ["error", text(stop.error)],
        ["message", text(stop.message)],
        ["sinceMs", number(stop.sinceMs)],
        ["isKept", { BOOL: stop.isKept }],
      ]),
      ":one": number(1),
    });
  }

  /**
   * Makes the source begin anew: the lanes' chain ends, a new life begins, and whoever holds the lease loses it. False when
   * somebody wrote since `observed`, and then nothing was changed.
   */
  async startAnew(observed: ReaderItem, start: StartPoint): Promise<boolean> {
    const { epoch, life } = newLife(observed.newStart?.epoch ?? observed.offset?.epoch ?? 0);
    const forgotten = OFFSET_ATTRIBUTES.filter((name) => name !== "epoch" && name !== "life");
    return this.#asOperator(
      observed,
      { start: text(formatStartPoint(start)), epoch: number(epoch), life: text(life) },
      [...forgotten, "stop", "vouched"],
    );
  }

  /**
   * Ends a stop, and lets the reader go on from its offset without a proof of the server's history. False when somebody
   * wrote since `observed`, and then nothing was changed.
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

const KEY = { id: text("reader") };
/** Names of the item's attributes that the offset takes. */
const OFFSET_ATTRIBUTES = [
  "epoch",
  "life",
  "server",
  "run",
  "gtidSet",
  "file",
  "offset",
  "isExact",
  "anchor",
  "lanes",
  "laneCount",
  "isSettled",
  "committedMs",
  "waiting",
  "keptXa",
] as const;

function leaseOf(item: Item): Lease | null {
  const beat = numberOf(item, "beat");
  if (beat === undefined) return null;
  return { owner: textOf(item, "owner") ?? null, fence: numberOf(item, "fence") ?? 0, beat };
}

function newStartOf(item: Item): NewStart | null {
  const start = parseStartPoint(textOf(item, "start") ?? "");
  const life = textOf(item, "life") ?? null;
  return start === null ? null : { start, epoch: numberOf(item, "epoch") ?? 1, life };
}

function stopOf(item: Item): Stop | null {
  if (item["stop"] === undefined) return null;
  const stop = mapOf(item, "stop");
  return {
    error: textOf(stop, "error") ?? "",
    message: textOf(stop, "message") ?? "",
    sinceMs: numberOf(stop, "sinceMs") ?? 0,
    isKept: stop["isKept"]?.BOOL === true,
  };
}

function offsetOf(item: Item): Offset | null {
  const epoch = numberOf(item, "epoch");
  if (epoch === undefined || item["start"] !== undefined) return null;
  const lanes = mapOf(item, "lanes");
  return {
    epoch,
    life: textOf(item, "life") ?? null,
    server: textOf(item, "server") ?? "",
    run: numberOf(item, "run") ?? null,
    gtidSet: textOf(item, "gtidSet") ?? null,
    file: textOf(item, "file") ?? "",
    offset: numberOf(item, "offset") ?? 0,
    isExact: item["isExact"]?.BOOL !== false,
    anchor: anchorOf(item),
    lanes: new Map(Object.keys(lanes).map((lane) => [Number(lane), textOf(lanes, lane) ?? ""])),
    laneCount: numberOf(item, "laneCount") ?? null,
    isSettled: item["isSettled"]?.BOOL === true ? true : undefined,
    committedMs: numberOf(item, "committedMs") ?? 0,
    waiting: waitingOf(item),
    keptXa: keptXaOf(item),
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
    ["gtid", textOrNull(gtid)],
    ["preparedMs", number(preparedMs)],
  ]);
}

function anchorOf(item: Item): Anchor | null {
  if (item["anchor"]?.M === undefined) return null;
  const anchor = mapOf(item, "anchor");
  return {
    file: textOf(anchor, "file") ?? "",
    start: numberOf(anchor, "start") ?? 0,
    begunS: numberOf(anchor, "begunS") ?? null,
    gtid: textOf(anchor, "gtid") ?? null,
    committedUs: numberOf(anchor, "committedUs") ?? 0,
  };
}

function attributesOf(offset: Offset): Record<(typeof OFFSET_ATTRIBUTES)[number], AttributeValue> {
  const { anchor } = offset;
  return {
    epoch: number(offset.epoch),
    life: textOrNull(offset.life),
    server: text(offset.server),
    run: offset.run === null ? NULL : number(offset.run),
    gtidSet: textOrNull(offset.gtidSet),
    file: text(offset.file),
    offset: number(offset.offset),
    isExact: { BOOL: offset.isExact },
    anchor:
      anchor === null
        ? NULL
        : map([
            ["file", text(anchor.file)],
            ["start", number(anchor.start)],
            ["begunS", anchor.begunS === null ? NULL : number(anchor.begunS)],
            ["gtid", textOrNull(anchor.gtid)],
            ["committedUs", number(anchor.committedUs)],
          ]),
    lanes: map(Array.from(offset.lanes, ([lane, position]) => [String(lane), text(position)])),
    laneCount: offset.laneCount === null ? NULL : number(offset.laneCount),
    isSettled: { BOOL: offset.isSettled === true },
    committedMs: number(offset.committedMs),
    waiting: waitingAttribute(offset.waiting),
    keptXa: keptXaAttribute(offset.keptXa),
  };
}

function textOrNull(value: string | null): AttributeValue {
  return value === null ? NULL : text(value);
}

function namesOf(attributes: readonly string[]): Record<string, string> {
  return Object.fromEntries(attributes.map((name) => [`#${name}`, name]));
}

function valuesOf(attributes: Item): Record<string, AttributeValue> {
  return Object.fromEntries(Object.entries(attributes).map(([name, value]) => [`:${name}`, value]));
}
