import { paginateScan, type DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { decodeRecord, STATE_POSITION } from "../../../functions/failures/items.ts";
import type { ParkedRecord } from "../../../functions/failures/parked.ts";

/**
 * The failure records that contain deliveries. It scans the table, because there are few failures
 * on one machine.
 */
export async function parkedRecords(
  client: DynamoDBClient,
  table: string,
): Promise<ParkedRecord[]> {
  const records: ParkedRecord[] = [];
  const pages = paginateScan({ client }, { TableName: table, ConsistentRead: true });
  for await (const { Items = [] } of pages) {
    for (const item of Items) {
      if (item["position"]?.S !== STATE_POSITION) records.push(decodeRecord(item));
    }
  }
  return records.filter(({ status }) => status === "parked");
}
