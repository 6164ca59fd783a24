import {
  ConditionalCheckFailedException,
  GetItemCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import { number, text } from "../../../wire/attributes.ts";
import {
  attributesOf,
  isInitialId,
  isOver,
  orderAttribute,
  SNAPSHOTS_KEY,
  snapshotsIn,
  type SnapshotOrder,
  type SnapshotReport,
  type SnapshotWish,
} from "../../../wire/snapshot-items.ts";
import { CommandError } from "../../shared/command-error.ts";
import type { Target } from "../../shared/target.ts";

/** An order and the reader's report on it, which is null until a reader has seen the order. */
export interface OrderedSnapshot {
  readonly order: SnapshotOrder;
  readonly report: SnapshotReport | null;
}

/**
 * Number of ended snapshots that are kept, besides initial ones. All snapshots share one item of at
 * most 400 KB.
 */
const KEPT = 100;
/** The maximum size of the table names in these. */
const KEPT_BYTES = 150 << 10;

type OrdersTable = Pick<Target, "dynamodb" | "offsetsTable">;

/** Reads all snapshots of a stack, the oldest first. */
export async function allSnapshots(target: OrdersTable): Promise<readonly OrderedSnapshot[]> {
  const { Item: item = {} } = await target.dynamodb.send(
    new GetItemCommand({
      TableName: target.offsetsTable,
      Key: { ...SNAPSHOTS_KEY },
      ConsistentRead: true,
    }),
  );
  return snapshotsIn(item);
}

/** Throws CommandError when no snapshot has this id. */
export async function snapshotOf(target: Target, id: string): Promise<OrderedSnapshot> {
  const found = (await allSnapshots(target)).find(({ order }) => order.id === id);
  if (found === undefined)
    throw new CommandError(`there is no snapshot ${id}; npm run snapshot -- list shows them`);
  return found;
}

/**
 * Writes a new order, and deletes the oldest ended snapshots beyond KEPT and KEPT_BYTES. Initial
 * ones are the reader's: it takes a missing one for an order that it has yet to write.
 */
export async function placeOrder(
  target: OrdersTable,
  order: SnapshotOrder,
  known: readonly OrderedSnapshot[],
): Promise<void> {
  const over = known.filter(
    ({ order: { id }, report }) => report !== null && isOver(report.state) && !isInitialId(id),
  );
  let bytes = 0;
  const kept = over.toReversed().findIndex(({ report }, index) => {
    bytes += Buffer.byteLength(JSON.stringify(report?.tables ?? []));
    return index >= KEPT - 1 || bytes > KEPT_BYTES;
  });
  const forgotten = kept === -1 ? [] : over.slice(0, over.length - kept);
  const names = forgotten.flatMap(({ order: { id } }) => Object.values(attributesOf(id)));
  const [name, attribute] = orderAttribute(order);
  const removes = names.map((_, index) => `#old${index}`);
  await target.dynamodb.send(
    new UpdateItemCommand({
      TableName: target.offsetsTable,
      Key: { ...SNAPSHOTS_KEY },
      UpdateExpression: `SET #order = :order${removes.length > 0 ? ` REMOVE ${removes.join(", ")}` : ""}`,
      // The SDK repeats a write whose answer was lost.
      ConditionExpression:
        "attribute_not_exists(#order) OR (#order.#startedMs = :startedMs AND #order.#wanted = :wanted)",
      ExpressionAttributeNames: {
        "#order": name,
        "#startedMs": "startedMs",
        "#wanted": "wanted",
        ...Object.fromEntries(names.map((each, index) => [`#old${index}`, each])),
      },
      ExpressionAttributeValues: {
        ":order": attribute,
        ":startedMs": number(order.startedMs),
        ":wanted": text(order.wanted),
      },
    }),
  );
}

/**
 * Records what the operator wants of a snapshot. Throws CommandError when it no longer exists, and
 * when it was cancelled and something else is wanted.
 */
export async function wish(target: Target, id: string, wanted: SnapshotWish): Promise<void> {
  try {
    await target.dynamodb.send(
      new UpdateItemCommand({
        TableName: target.offsetsTable,
        Key: { ...SNAPSHOTS_KEY },
        UpdateExpression: "SET #order.#wanted = :wanted",
        ConditionExpression:
          "attribute_exists(#order) AND #order.#wanted IN (:run, :pause, :wanted)",
        ExpressionAttributeNames: { "#order": attributesOf(id).order, "#wanted": "wanted" },
        ExpressionAttributeValues: {
          ":wanted": text(wanted),
          ":run": text("run"),
          ":pause": text("pause"),
        },
      }),
    );
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
    throw new CommandError(`the snapshot ${id} was cancelled, or does not exist any more`, {
      cause: error,
    });
  }
}
