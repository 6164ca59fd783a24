import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { OffsetStore } from "../../../reader/offsets/offset-store.ts";
import type { ReaderItem } from "../../../reader/offsets/reader-item.ts";
import { withPatience } from "../../shared/aws-patience.ts";
import { DEFAULT_STACK_FILE } from "../../shared/checkout.ts";
import { deployedTarget, disposable, localTarget } from "../../shared/target.ts";

/** Where the reader's item is stored. */
export interface ReaderItemSource {
  readonly offsetsTable?: string;
  readonly stack?: string;
  /** The local stack's file; true for the default path of `npm start`. */
  readonly local?: string | true;
}

/** Loads the reader's item; null when the options name neither a stack nor a table. */
export async function askReader({
  stack,
  local,
  offsetsTable,
}: ReaderItemSource): Promise<ReaderItem | null> {
  if (stack !== undefined || local !== undefined) {
    using target = await (stack === undefined
      ? localTarget(typeof local === "string" ? local : DEFAULT_STACK_FILE)
      : deployedTarget(stack));
    return await new OffsetStore(target.dynamodb, target.offsetsTable).load();
  }
  if (offsetsTable === undefined) return null;
  using dynamodb = disposable(new DynamoDBClient(withPatience()));
  return await new OffsetStore(dynamodb.client, offsetsTable).load();
}
