import type { AwsClients } from "@binlog-router/local-aws/clients";
import { OffsetStore } from "../../../reader/offsets/offset-store.ts";

/** Gives back the lease of a reader that was killed, so that the next one need not wait for it. */
export async function releaseLease({ dynamodb }: AwsClients, offsetsTable: string): Promise<void> {
  const store = new OffsetStore(dynamodb, offsetsTable);
  const { lease } = await store.load();
  if (lease !== null && lease.owner !== null) await store.release(lease.fence);
}
