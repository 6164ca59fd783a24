import { setTimeout as delay } from "node:timers/promises";
import { DynamoDBClient, GetItemCommand, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import type { LocalAws } from "@binlog-router/local-aws";
import {
  orderAttribute,
  SNAPSHOTS_KEY,
  snapshotsIn,
  type SnapshotOrder,
  type SnapshotReport,
  type SnapshotState,
} from "../../../wire/snapshot-items.ts";
import { formatPosition, type PositionText } from "../../../wire/position.ts";
import type { ReaderBench } from "../reader.ts";

/** An order of a snapshot of `shop.<name>`. */
export function snapshotOrder(name: string, more: Partial<SnapshotOrder> = {}): SnapshotOrder {
  return {
    id: `of-${name}`,
    subscriber: "s",
    environment: "e",
    tables: [`shop.${name}`],
    startedBy: "test",
    startedMs: Date.now(),
    wanted: "run",
    ...more,
  };
}

/** The position before everything in an epoch. */
export const atEpoch = (epoch: number): PositionText =>
  formatPosition({ epoch, file: 0, offset: 0, row: 0 });

/** The orders of snapshots in a bench's offsets table, written as the operators' command does. */
export class BenchOrders implements Disposable {
  readonly dynamodb: DynamoDBClient;
  /** The name of the offsets table. */
  readonly table: string;
  readonly #bench: ReaderBench;

  constructor(
    { region, credentials, endpoints }: LocalAws,
    bench: ReaderBench,
    table = `${bench.source}-offsets`,
  ) {
    this.dynamodb = new DynamoDBClient({ region, credentials, endpoint: endpoints.dynamodb });
    this.table = table;
    this.#bench = bench;
  }

  /**
   * Writes a lane's delivered position as the route function does. A snapshot waits for it.
   *
   * @param position by default behind everything, so that nothing waits
   */
  async delivered(position: PositionText = atEpoch(999_999), lane = 0): Promise<void> {
    await this.dynamodb.send(
      new UpdateItemCommand({
        TableName: this.table,
        Key: { id: { S: `lane#${lane}` } },
        UpdateExpression: "SET delivered = :position",
        ExpressionAttributeValues: { ":position": { S: position } },
      }),
    );
  }

  async place(order: SnapshotOrder): Promise<void> {
    const [name, attribute] = orderAttribute(order);
    await this.dynamodb.send(
      new UpdateItemCommand({
        TableName: this.table,
        Key: { ...SNAPSHOTS_KEY },
        UpdateExpression: "SET #order = :order",
        ExpressionAttributeNames: { "#order": name },
        ExpressionAttributeValues: { ":order": attribute },
      }),
    );
  }

  async reportOf(id: string): Promise<SnapshotReport | null> {
    const { Item: item = {} } = await this.dynamodb.send(
      new GetItemCommand({ TableName: this.table, Key: { ...SNAPSHOTS_KEY } }),
    );
    return snapshotsIn(item).find(({ order }) => order.id === id)?.report ?? null;
  }

  /** Waits until a snapshot has a state; throws after `timeoutMs`. */
  async until(id: string, state: SnapshotState, timeoutMs = 100_000): Promise<SnapshotReport> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const report = await this.reportOf(id);
      if (report?.state === state) return report;
      if (performance.now() > deadline)
        throw new Error(
          `${id} is not ${state}: ${JSON.stringify(report)}\n${this.#bench.recentLogs()}`,
        );
      await delay(50);
    }
  }

  [Symbol.dispose](): void {
    this.dynamodb.destroy();
  }
}
