import type { AwsClients } from "@binlog-router/local-aws/clients";
import { OffsetStore } from "../../../reader/offsets/offset-store.ts";

/**
 * Releases the lease of a killed reader, so that the next reader need not wait for it to expire.
 */
export async function releaseLease({ dynamodb }: AwsClients, offsetsTable: string): Promise<void> {
  const store = new OffsetStore(dynamodb, offsetsTable);
  const { lease } = await store.load();
  if (lease !== null && lease.owner !== null) await store.release(lease.fence);
}
