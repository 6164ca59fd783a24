import {
  ConditionalCheckFailedException,
  GetItemCommand,
  PutItemCommand,
  ScanCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import { type Item, number, numberOf, text, textOf } from "../../../wire/attributes.ts";
import type { PositionText } from "../../../wire/position.ts";
import { CommandError } from "../../shared/command-error.ts";
import type { Target } from "../../shared/target.ts";
import type { Bounds } from "../../stretch/bounds.ts";

/** What a person ordered, as it stays. */
export interface ReplayOrder {
  readonly id: string;
  readonly subscriber: string;
  readonly environment: string;
  /** As the person named them. */
  readonly from: string;
  readonly to: string | null;
  /** Table patterns; null: all that the subscriber gets. */
  readonly tables: readonly string[] | null;
  readonly startedBy: string;
  /** Milliseconds since 1970. */
  readonly startedMs: number;
  /**
   * What the names mean, found out at the start, so that a resumed replay sends the same stretch.
   */
  readonly bounds: Omit<Bounds, "after">;
  /** The life of the coordinates in which `bounds` and `done` are positions. */
  readonly epoch: number;
  readonly life: string | null;
}

/** `running` also when the process was killed: resuming takes it over. */
export type ReplayState = "running" | "paused" | "cancelled" | "complete" | "stopped";

export interface Replay extends ReplayOrder {
  readonly state: ReplayState;
  /** Why it stopped; else "". */
  readonly reason: string;
  readonly wanted: "run" | "pause";
  /** Everything of the stretch up to here was sent; null: nothing yet. */
  readonly done: PositionText | null;
  readonly messages: number;
  readonly changes: number;
  /** Changes that were left out because nobody knows their author. */
  readonly unknown: number;
  readonly updatedMs: number;
}

/** Another process sends the replay's changes from now on, or a person has cancelled it. */
export class TakenOverError extends CommandError {
  override readonly name = "CommandError";
}

/** How far a replay is, in numbers. */
export type ReplayProgress = Pick<Replay, "done" | "messages" | "changes" | "unknown">;

const PREFIX = "replay#";

/**
 * The items `replay#<id>` of the offsets table, one for each replay; only the process that runs it
 * moves it on.
 */
export class ReplayItems {
  readonly #target: Target;

  constructor(target: Target) {
    this.#target = target;
  }

  /** All replays, the oldest first. */
  async all(): Promise<readonly Replay[]> {
    const { Items: items = [] } = await this.#target.dynamodb.send(
      new ScanCommand({
        TableName: this.#target.offsetsTable,
        ConsistentRead: true,
        FilterExpression: "begins_with(id, :replay)",
        ExpressionAttributeValues: { ":replay": text(PREFIX) },
      }),
    );
    return items.map(decode).sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** Throws CommandError when there is none of this id. */
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

  /** Writes a new one, run by `owner`. */
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
          updatedMs: number(Date.now()),
        },
        ConditionExpression: "attribute_not_exists(id)",
      }),
    );
  }

  /** Takes it over for another process, whatever the one before it does. */
  async take(id: string, owner: string): Promise<void> {
    await this.#update(
      id,
      "SET #state = :running, wanted = :run, #owner = :owner, reason = :none",
      {
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

  /** Records how far it is; returns what is wanted of it now. Throws TakenOverError. */
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
            `#unknown = :unknown, updatedMs = :now${done === null ? "" : ", done = :done"}`,
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
            ":now": number(Date.now()),
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
        `another process goes on with the replay ${id}, or it was cancelled`,
        { cause },
      );
    }
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
