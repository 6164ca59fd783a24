import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import {
  map,
  mapOf,
  number,
  numberOf,
  text,
  textOf,
  texts,
  textsOf,
  type Item,
} from "../../wire/attributes.ts";
import { wasWritten } from "../aws/conditional-write.ts";
import { ItemRequests } from "../aws/item-requests.ts";
import type { LanePosition } from "../frame/chain.ts";
import { OwnTroubleError } from "../ground/errors.ts";

/** The route function's state of a lane, one item of the offsets table. */
export interface LaneState extends LanePosition {
  readonly lane: number;
  /**
   * Queues that may have an open stream in this lane. A queue that is not listed has none.
   */
  readonly troubled: ReadonlySet<string>;
  /** The number of writes; 0 when there is no item. */
  readonly version: number;
}

export interface Lanes {
  read(lane: number): Promise<LaneState>;
  /**
   * Writes the next state and returns it. Throws OwnTroubleError when another invocation has
   * written since `from` was read.
   */
  write(
    from: LaneState,
    next: LanePosition & { readonly troubled: ReadonlySet<string> },
  ): Promise<LaneState>;
}

/**
 * The lanes' items in the offsets table: `id` (`lane#<n>`), `delivered`, `life`, `otherLives`,
 * `troubled` and `version`.
 */
export function lanesTable(client: DynamoDBClient, table: string): Lanes {
  const requests = new ItemRequests(client);
  return {
    async read(lane) {
      const item = await requests.get({ TableName: table, Key: key(lane), ConsistentRead: true });
      return {
        lane,
        delivered: textOf(item, "delivered") ?? null,
        life: textOf(item, "life") ?? null,
        others: othersOf(item),
        troubled: textsOf(item, "troubled"),
        version: numberOf(item, "version") ?? 0,
      };
    },

    async write(from, { delivered, life, others, troubled }) {
      const version = from.version + 1;
      const set = ["version = :next"];
      const remove = [];
      if (delivered !== null) set.push("delivered = :delivered");
      if (life !== null) set.push("life = :life");
      else remove.push("life");
      if (others !== undefined) set.push("otherLives = :others");
      if (troubled.size > 0) set.push("troubled = :troubled");
      else remove.push("troubled");
      const written = await wasWritten(
        requests.update({
          TableName: table,
          Key: key(from.lane),
          UpdateExpression:
            `SET ${set.join(", ")}` + (remove.length > 0 ? ` REMOVE ${remove.join(", ")}` : ""),
          ConditionExpression:
            from.version === 0 ? "attribute_not_exists(id)" : "version = :version",
          ExpressionAttributeValues: {
            ":next": number(version),
            ...(delivered !== null && { ":delivered": text(delivered) }),
            ...(life !== null && { ":life": text(life) }),
            ...(others !== undefined && {
              ":others": map([...others].map(([name, position]) => [name, text(position)])),
            }),
            ...(troubled.size > 0 && { ":troubled": texts(troubled) }),
            ...(from.version > 0 && { ":version": number(from.version) }),
          },
        }),
      );
      if (!written) {
        throw new OwnTroubleError(`another invocation has written the state of lane ${from.lane}`);
      }
      return { lane: from.lane, delivered, life, others, troubled, version };
    },
  };
}

/**
 * Undefined when an earlier release made the item, see `LanePosition`. A lane without an item has
 * no delivered position in any life, so its map is empty.
 */
function othersOf(item: Item): LaneState["others"] {
  if (item["version"] !== undefined && item["otherLives"] === undefined) return undefined;
  const others = mapOf(item, "otherLives");
  return new Map(Object.keys(others).map((name) => [name, textOf(others, name) ?? ""]));
}

function key(lane: number) {
  return { id: text(`lane#${lane}`) };
}
