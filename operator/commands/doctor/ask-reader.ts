import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { OffsetStore } from "../../../reader/offsets/offset-store.ts";
import type { ReaderItem } from "../../../reader/offsets/reader-item.ts";
import { DEFAULT_STACK_FILE } from "../../shared/stack-file.ts";
import { deployedTarget, disposable, localTarget } from "../../shared/target.ts";

/** Where the reader's item is. */
export interface ReaderPlace {
  readonly offsetsTable?: string;
  readonly stack?: string;
  /** True: the file that `npm start` writes where nobody says otherwise. */
  readonly local?: string | true;
}

/** What the reader has written of itself; null where nobody named its stack or its table. */
export async function askReader({
  stack,
  local,
  offsetsTable,
}: ReaderPlace): Promise<ReaderItem | null> {
  if (stack !== undefined || local !== undefined) {
    using target = await (stack === undefined
      ? localTarget(typeof local === "string" ? local : DEFAULT_STACK_FILE)
      : deployedTarget(stack));
    return await new OffsetStore(target.dynamodb, target.offsetsTable).load();
  }
  if (offsetsTable === undefined) return null;
  using dynamodb = disposable(new DynamoDBClient());
  return await new OffsetStore(dynamodb.client, offsetsTable).load();
}
