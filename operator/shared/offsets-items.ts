import { paginateScan } from "@aws-sdk/client-dynamodb";
import { type Item, text } from "../../wire/attributes.ts";
import type { Target } from "./target.ts";

/**
 * Reads the items of the offsets table whose id begins with a prefix. The table has few items, but
 * those of the reader and of the snapshots may fill a page of the scan.
 */
export async function offsetsItems(
  { dynamodb: client, offsetsTable }: Pick<Target, "dynamodb" | "offsetsTable">,
  prefix: string,
): Promise<readonly Item[]> {
  const pages = paginateScan(
    { client },
    {
      TableName: offsetsTable,
      ConsistentRead: true,
      FilterExpression: "begins_with(id, :prefix)",
      ExpressionAttributeValues: { ":prefix": text(prefix) },
    },
  );
  const found: Item[] = [];
  for await (const { Items: items = [] } of pages) found.push(...items);
  return found;
}
