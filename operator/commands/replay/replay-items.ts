import {
  ConditionalCheckFailedException,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
  type AttributeValue,
} from "@aws-sdk/client-dynamodb";
import { type Item, number, numberOf, text, textOf } from "../../../wire/attributes.ts";
import { OFFSETS_EXPIRES } from "../../../wire/names.ts";
import type { PositionText } from "../../../wire/position.ts";
import { CommandError } from "../../shared/command-error.ts";
import { offsetsItems } from "../../shared/offsets-items.ts";
import type { Target } from "../../shared/target.ts";
import type { Bounds } from "../../stretch/bounds.ts";

/** The unchanging part of a replay: what an operator ordered. */
export interface ReplayOrder {
  readonly id: string;
  readonly subscriber: string;
  readonly environment: string;
  /** The bounds as the operator wrote them. */
  readonly from: string;
  readonly to: string | null;
  /** Table patterns; null for all tables of the subscriber. */
  readonly tables: readonly string[] | null;
  readonly startedBy: string;
  /** Milliseconds since 1970. */
  readonly startedMs: number;
  /**
   * The bounds as the start resolved them, so that a resumed replay sends the same stretch.
   */
  readonly bounds: Omit<Bounds, "after">;
  /** The epoch and the life to which the positions in `bounds` and `done` belong. */
  readonly epoch: number;
  readonly life: string | null;
}

/** The state stays `running` when the process is killed. Resuming takes the replay over. */
export type ReplayState = "running" | "paused" | "cancelled" | "complete" | "stopped";

export interface Replay extends ReplayOrder {
  readonly state: ReplayState;
  /** Why the replay stopped; "" when it did not. */
  readonly reason: string;
  readonly wanted: "run" | "pause";
  /** All changes of the stretch up to this position were sent; null when none was. */
  readonly done: PositionText | null;
  readonly messages: number;
  readonly changes: number;
  /** Number of changes that were left out because their author is unknown. */
  readonly unknown: number;
  readonly updatedMs: number;
}

/** Another process has taken the replay over, or an operator has cancelled it. */
export class TakenOverError extends CommandError {
  override readonly name = "CommandError";
}

/** The progress of a replay. */
export type ReplayProgress = Pick<Replay, "done" | "messages" | "changes" | "unknown">;

const PREFIX = "replay#";

type OffsetsTable = Pick<Target, "dynamodb" | "offsetsTable">;

/**
 * How long DynamoDB keeps an item after its replay was ordered, resumed or last got on, seconds.
 * Servers rarely keep a binlog for as long, so no paused replay could be resumed then.
 */
const KEPT_SECONDS = 30 * 24 * 3600;

/**
 * The items `replay#<id>` of the offsets table, one per replay. Only the process that runs a replay
 * updates its progress.
 */
export class ReplayItems {
  readonly #target: OffsetsTable;
  readonly #now: () => number;

  /** `now`: milliseconds since 1970. */
  constructor(target: OffsetsTable, now: () => number = Date.now) {
    this.#target = target;
    this.#now = now;
  }

  /** Reads all replays, the oldest first. */
  async all(): Promise<readonly Replay[]> {
    const items = await offsetsItems(this.#target, PREFIX);
    return items.map(decode).sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** Throws CommandError when no replay has this id. */
  async get(id: string): Promise<Replay> {
    const { Item: item } = await this.#target.dynamodb.send(
      new GetItemCommand({
        TableName: this.#target.offsetsTable,
        Key: keyOf(id),
        ConsistentRead: true,
      }),
    );
    if (item === undefined)
      throw new CommandError(`there is no replay ${id}; npm run replay -- list shows them`);
    return decode(item);
  }

  /** Writes a new replay that `owner` runs. */
  async put(order: ReplayOrder, owner: string): Promise<void> {
    await this.#target.dynamodb.send(
      new PutItemCommand({
        TableName: this.#target.offsetsTable,
        Item: {
          ...keyOf(order.id),
          order: text(JSON.stringify(order)),
          owner: text(owner),
          state: text("running"),
          wanted: text("run"),
          updatedMs: number(this.#now()),
          [OFFSETS_EXPIRES]: this.#expires(),
        },
        // The SDK repeats a write whose answer was lost.
        ConditionExpression: "attribute_not_exists(id) OR #owner = :owner",
        ExpressionAttributeNames: { "#owner": "owner" },
        ExpressionAttributeValues: { ":owner": text(owner) },
      }),
    );
  }

  /** Makes `owner` run the replay. The process that ran it before loses it. */
  async take(id: string, owner: string): Promise<void> {
    await this.#update(
      id,
      `SET #state = :running, wanted = :run, #owner = :owner, reason = :none, ${OFFSETS_EXPIRES} = :expires`,
      {
        ":expires": this.#expires(),
        ":running": text("running"),
        ":run": text("run"),
        ":owner": text(owner),
        ":none": text(""),
      },
    );
  }

  async wish(id: string, wanted: Replay["wanted"]): Promise<void> {
    await this.#update(id, "SET wanted = :wanted", { ":wanted": text(wanted) });
  }

  /** Records the progress and returns the operator's current wish. Throws TakenOverError. */
  async advance(
    id: string,
    owner: string,
    { done, messages, changes, unknown }: ReplayProgress,
    state: ReplayState = "running",
    reason = "",
  ): Promise<Replay["wanted"]> {
    try {
      const { Attributes: item = {} } = await this.#target.dynamodb.send(
        new UpdateItemCommand({
          TableName: this.#target.offsetsTable,
          Key: keyOf(id),
          UpdateExpression:
            "SET #state = :state, reason = :reason, messages = :messages, #changes = :changes, " +
            `#unknown = :unknown, updatedMs = :now, ${OFFSETS_EXPIRES} = :expires${done === null ? "" : ", done = :done"}`,
          ConditionExpression: "#owner = :owner",
          ExpressionAttributeNames: {
            "#state": "state",
            "#owner": "owner",
            "#changes": "changes",
            "#unknown": "unknown",
          },
          ExpressionAttributeValues: {
            ":state": text(state),
            ":reason": text(reason),
            ":messages": number(messages),
            ":changes": number(changes),
            ":unknown": number(unknown),
            ":now": number(this.#now()),
            ":expires": this.#expires(),
            ":owner": text(owner),
            ...(done !== null && { ":done": text(done) }),
          },
          ReturnValues: "ALL_NEW",
        }),
      );
      return decode(item).wanted;
    } catch (cause) {
      if (!(cause instanceof ConditionalCheckFailedException)) throw cause;
      throw new TakenOverError(
        `another process has taken over the replay ${id}, or it was cancelled`,
        { cause },
      );
    }
  }

  #expires(): AttributeValue {
    return number(Math.ceil(this.#now() / 1000) + KEPT_SECONDS);
  }

  async #update(id: string, update: string, values: Item): Promise<void> {
    const names = { "#state": "state", "#owner": "owner" };
    await this.#target.dynamodb.send(
      new UpdateItemCommand({
        TableName: this.#target.offsetsTable,
        Key: keyOf(id),
        UpdateExpression: update,
        ConditionExpression: "attribute_exists(id)",
        ExpressionAttributeValues: values,
        ...(update.includes("#") && { ExpressionAttributeNames: names }),
      }),
    );
  }
}

function keyOf(id: string) {
  return { id: text(PREFIX + id) };
}

function decode(item: Item): Replay {
  return {
    ...(JSON.parse(textOf(item, "order") ?? "{}") as ReplayOrder),
    state: (textOf(item, "state") ?? "running") as ReplayState,
    reason: textOf(item, "reason") ?? "",
    wanted: (textOf(item, "wanted") ?? "run") as Replay["wanted"],
    done: textOf(item, "done") ?? null,
    messages: numberOf(item, "messages") ?? 0,
    changes: numberOf(item, "changes") ?? 0,
    unknown: numberOf(item, "unknown") ?? 0,
    updatedMs: numberOf(item, "updatedMs") ?? 0,
  };
}
