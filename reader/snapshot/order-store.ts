import {
  type DynamoDBClient,
  ConditionalCheckFailedException,
  GetItemCommand,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from "@aws-sdk/client-dynamodb";
import { number, text } from "../../wire/attributes.ts";
import {
  attributesOf,
  orderAttribute,
  reportAttribute,
  SNAPSHOTS_KEY,
  snapshotsIn,
  type SnapshotOrder,
  type SnapshotReport,
  UNNEEDED,
} from "../../wire/snapshot-items.ts";

/** The orders of snapshots and the reader's reports on them, in the offsets table. */
export class OrderStore {
  readonly #dynamodb: DynamoDBClient;
  readonly #table: string;

  constructor(dynamodb: DynamoDBClient, table: string) {
    this.#dynamodb = dynamodb;
    this.#table = table;
  }

  /** Loads all orders with their reports, the oldest first. */
  async load(): Promise<ReturnType<typeof snapshotsIn>> {
    const { Item: item = {} } = await this.#dynamodb.send(
      new GetItemCommand({
        TableName: this.#table,
        Key: { ...SNAPSHOTS_KEY },
        ConsistentRead: true,
      }),
    );
    return snapshotsIn(item);
  }

  /** Writes an order, unless it exists. */
  async place(order: SnapshotOrder): Promise<void> {
    const [name, attribute] = orderAttribute(order);
    await this.#update({
      UpdateExpression: "SET #order = :order",
      ConditionExpression: "attribute_not_exists(#order)",
      ExpressionAttributeNames: { "#order": name },
      ExpressionAttributeValues: { ":order": attribute },
    });
  }

  /** Notes since when the configuration lacks an initial snapshot; null: it has it again. */
  async noteUnneeded(id: string, sinceMs: number | null): Promise<void> {
    await this.#update({
      UpdateExpression: sinceMs === null ? "REMOVE #order.#since" : "SET #order.#since = :since",
      ConditionExpression: "attribute_exists(#order)",
      ExpressionAttributeNames: { "#order": attributesOf(id).order, "#since": UNNEEDED },
      ...(sinceMs !== null && { ExpressionAttributeValues: { ":since": number(sinceMs) } }),
    });
  }

  /** Cancels a paused order, if it is still noted as unneeded since then. */
  async cancel(id: string, sinceMs: number): Promise<void> {
    await this.#update({
      UpdateExpression: "SET #order.#wanted = :cancel",
      ConditionExpression: "#order.#since = :since AND #order.#wanted = :pause",
      ExpressionAttributeNames: {
        "#order": attributesOf(id).order,
        "#wanted": "wanted",
        "#since": UNNEEDED,
      },
      ExpressionAttributeValues: {
        ":cancel": text("cancel"),
        ":pause": text("pause"),
        ":since": number(sinceMs),
      },
    });
  }

  /** Removes an order with its report, if it is still noted as unneeded since then. */
  async remove(id: string, sinceMs: number): Promise<void> {
    const { order, report, dropped } = attributesOf(id);
    await this.#update({
      UpdateExpression: "REMOVE #order, #report, #dropped",
      ConditionExpression: "#order.#since = :since",
      ExpressionAttributeNames: {
        "#order": order,
        "#report": report,
        "#dropped": dropped,
        "#since": UNNEEDED,
      },
      ExpressionAttributeValues: { ":since": number(sinceMs) },
    });
  }

  /**
   * Stops a snapshot of which rows were dropped, and removes that note. An operator's wish to pause
   * it does not prevent that.
   */
  async dropped(id: string, report: SnapshotReport): Promise<void> {
    const [name, attribute] = reportAttribute(id, report);
    const { order, dropped } = attributesOf(id);
    await this.#update({
      UpdateExpression: "SET #report = :report, #order.#wanted = :pause REMOVE #dropped",
      ConditionExpression: "#order.#wanted <> :cancel",
      ExpressionAttributeNames: {
        "#report": name,
        "#order": order,
        "#wanted": "wanted",
        "#dropped": dropped,
      },
      ExpressionAttributeValues: {
        ":report": attribute,
        ":pause": text("pause"),
        ":cancel": text("cancel"),
      },
    });
  }

  /**
   * Writes a report. The state `stopped` also pauses the order until an operator resumes it; this
   * is written only if the order is still wanted.
   */
  async report(id: string, report: SnapshotReport): Promise<void> {
    const [name, attribute] = reportAttribute(id, report);
    const isStopped = report.state === "stopped";
    await this.#update({
      UpdateExpression: `SET #report = :report${isStopped ? ", #order.#wanted = :pause" : ""}`,
      ConditionExpression: isStopped ? "#order.#wanted = :run" : "attribute_exists(#order)",
      ExpressionAttributeNames: {
        "#report": name,
        "#order": attributesOf(id).order,
        ...(isStopped && { "#wanted": "wanted" }),
      },
      ExpressionAttributeValues: {
        ":report": attribute,
        ...(isStopped && { ":pause": text("pause"), ":run": text("run") }),
      },
    });
  }

  /** Updates the item, unless its condition is not met: the order was removed or is not wanted. */
  async #update(update: Omit<UpdateItemCommandInput, "TableName" | "Key">): Promise<void> {
    const input = { TableName: this.#table, Key: { ...SNAPSHOTS_KEY }, ...update };
    try {
      await this.#dynamodb.send(new UpdateItemCommand(input));
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
    }
  }
}
